//! Rules over remote names: what can be seen to be wrong before any cluster is asked.

use std::collections::{BTreeMap, BTreeSet};

use strait_replicator_core::rename::ReplicationPolicy;

use super::{Configuration, Delivery, Flow, Problem, Rename, problem};

const NAME_CHARACTERS: &str = "letters, digits, `.`, `_` and `-`";

/// Everything that is wrong with aliases, separators and remote names.
pub(super) fn validate(configuration: &Configuration, problems: &mut Vec<Problem>) {
    for alias in configuration.clusters.keys().filter(|alias| alias.is_empty() || !is_name(alias)) {
        problems.push(problem(&format!("clusters.{alias}"), alias, NAME_CHARACTERS));
    }
    let mut writers = BTreeMap::new();
    for (index, flow) in configuration.flows.iter().enumerate() {
        let key = format!("flows[{index}]");
        if !is_name(&flow.separator) {
            problems.push(problem(&format!("{key}.separator"), &flow.separator, NAME_CHARACTERS));
        }
        if is_one_cluster(configuration, flow)
            && let Some(kept) = kept_name(flow)
        {
            let allowed = format!("a rule that renames {kept}, as source and target are one cluster");
            problems.push(problem(&format!("{key}.rename"), flow.rename.name(), &allowed));
        }
        if flow.delivery == Delivery::AtLeastOnce
            && let Some(kept) = kept_name(flow)
        {
            let allowed = format!(
                "exactly_once, transactions, or a rule that renames {kept}: a flow that leads back knows records under \
                 equal names by their producer, which at_least_once leaves out"
            );
            problems.push(problem(&format!("{key}.delivery"), "at_least_once", &allowed));
        }
        for remote in known_remote_names(flow) {
            let writer = writers.entry((flow.target.clone(), remote.clone())).or_insert(index);
            if *writer != index {
                let allowed = format!("another remote name: flows[{writer}] writes to it too");
                problems.push(problem(&format!("{key}.topics"), &remote, &allowed));
            }
        }
    }
}

/// Both aliases name a common address.
fn is_one_cluster(configuration: &Configuration, flow: &Flow) -> bool {
    let addresses = |alias: &str| {
        let cluster = configuration.clusters.get(alias);
        let addresses = cluster.map_or(&[][..], |cluster| &cluster.bootstrap);
        addresses.iter().map(|address| address.to_lowercase()).collect::<BTreeSet<_>>()
    };
    !addresses(&flow.source).is_disjoint(&addresses(&flow.target))
}

/// Which topics keep their names, in words; `None` when each gets another one.
fn kept_name(flow: &Flow) -> Option<String> {
    match flow.rename {
        Rename::Default => None,
        Rename::Identity => Some("every topic".to_owned()),
        Rename::Template => (flow.rename_template == "{topic}").then(|| "every topic".to_owned()),
        Rename::Regex => {
            let policy = flow.policy().ok()?;
            let outside = flow
                .topics
                .iter()
                .find(|topics| literal(topics).is_none() && topics.as_str() != flow.rename_pattern);
            let kept = || literals(flow).find(|topic| policy.remote_topic(&flow.source, topic) == *topic);
            let all = flow.rename_replacement == "${0}" || flow.rename_replacement == "$0";
            match outside {
                _ if all => Some("every topic".to_owned()),
                Some(topics) => Some(format!("each topic of `{topics}`")),
                None => kept().map(|topic| format!("`{topic}`")),
            }
        }
    }
}

/// Remote names that do not depend on what topics the source has.
fn known_remote_names(flow: &Flow) -> BTreeSet<String> {
    let Ok(policy) = flow.policy() else { return BTreeSet::new() };
    let mut names: BTreeSet<String> =
        literals(flow).map(|topic| policy.remote_topic(&flow.source, &topic)).collect();
    if let ReplicationPolicy::Regex { replacement, .. } = &policy
        && is_name(replacement)
    {
        names.insert(replacement.clone());
    }
    names
}

fn literals(flow: &Flow) -> impl Iterator<Item = String> {
    flow.topics.iter().filter_map(|topics| literal(topics))
}

/// The only name that a pattern matches, when it is a name and no more. A bare dot matches other names too.
fn literal(pattern: &str) -> Option<String> {
    let name = pattern.replace(r"\.", ".");
    let is_plain = !pattern.replace(r"\.", "").contains('.') && !pattern.is_empty() && is_name(&name);
    is_plain.then_some(name)
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
