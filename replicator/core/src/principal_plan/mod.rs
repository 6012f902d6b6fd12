//! Which client quotas and SCRAM users the target gets from the source, and which it loses. What is set at the source counts
//! there too; what the flow did not make at the target is never removed.

mod batches;
mod quota;
mod scram;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use batches::batches;
pub use quota::{ClientQuota, EntityName, QuotaEntity};
pub use scram::{ScramMechanism, ScramUser};

/// What a cluster keeps for a user or a client id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    Quota(ClientQuota),
    User(ScramUser),
}

impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quota(quota) => quota.fmt(formatter),
            Self::User(user) => user.fmt(formatter),
        }
    }
}

/// Brokers take one change for each owner in a request.
pub trait Whose {
    type Owner: Ord;

    fn whose(&self) -> &Self::Owner;
}

/// Between which clusters.
#[derive(Clone, Debug)]
pub struct PrincipalRules {
    pub flow: String,
    pub source_cluster_id: String,
    pub target_cluster_id: String,
}

/// What both clusters have, each by name with its value.
#[derive(Debug)]
pub struct PrincipalSides<'a, N, V> {
    pub source: &'a BTreeMap<N, V>,
    /// What flows made at the source, with the id of the cluster where each was set by a person.
    pub copied_to_source: &'a BTreeMap<N, String>,
    pub target: &'a BTreeMap<N, V>,
    /// What the flow made at the target, with the id of the cluster where each was set by a person.
    pub made: &'a BTreeMap<N, String>,
    /// What other flows made at the target, each with a flow.
    pub made_by_others: &'a BTreeMap<N, String>,
}

/// How something of the source stands at the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    Synced,
    /// The target lacks it or has another value, and is to be given the source's.
    ToWrite,
    /// The target lacks it, and can't be given it.
    NoPassword,
    /// The target has it with another value, and keeps that.
    Drift,
    LeftOut(LeftOut),
}

/// Why the target is not given something that differs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeftOut {
    #[error("a flow copied it from the target")]
    FromTarget,
    #[error("flow {flow} made it at the target")]
    OfOtherFlow { flow: String },
}

/// A value to be written, with the id of the cluster where it was set by a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written<V> {
    pub value: V,
    pub origin_cluster_id: String,
}

/// What is to be done at the target, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalPlan<N: Ord, V> {
    /// Each is to be remembered as made before it is written.
    pub write: BTreeMap<N, Written<V>>,
    /// What the flow made and the source has no longer. Each is to be forgotten once it is removed.
    pub remove: BTreeSet<N>,
    /// What the flow made and is gone on both sides, or another flow made too: to be forgotten.
    pub forget: BTreeSet<N>,
    /// All that the source has.
    pub found: BTreeMap<N, Finding>,
}

impl<N: Ord, V> PrincipalPlan<N, V> {
    /// Nothing is to be written, neither to the target nor to what is remembered.
    pub fn is_settled(&self) -> bool {
        self.write.is_empty() && self.remove.is_empty() && self.forget.is_empty()
    }
}

impl PrincipalRules {
    /// Compares both sides; `compare` tells how a value of the source stands to what the target has under the same name.
    pub fn plan<N: Clone + Ord, V: Clone>(
        &self,
        sides: &PrincipalSides<'_, N, V>,
        compare: impl Fn(&N, &V, Option<&V>) -> Finding,
    ) -> PrincipalPlan<N, V> {
        let (mut write, mut found) = (BTreeMap::new(), BTreeMap::new());
        for (name, value) in sides.source {
            let mut finding = compare(name, value, sides.target.get(name));
            if finding == Finding::ToWrite {
                if let Some(reason) = self.left_out(name, sides) {
                    finding = Finding::LeftOut(reason);
                } else {
                    let origin = sides.copied_to_source.get(name).unwrap_or(&self.source_cluster_id);
                    let written = Written { value: value.clone(), origin_cluster_id: origin.clone() };
                    write.insert(name.clone(), written);
                }
            }
            found.insert(name.clone(), finding);
        }
        let gone = sides.made.keys().filter(|name| !sides.source.contains_key(*name)).cloned();
        let is_only_ours =
            |name: &N| sides.target.contains_key(name) && !sides.made_by_others.contains_key(name);
        let (remove, forget) = gone.partition(is_only_ours);
        PrincipalPlan { write, remove, forget, found }
    }

    fn left_out<N: Ord, V>(&self, name: &N, sides: &PrincipalSides<'_, N, V>) -> Option<LeftOut> {
        if sides.copied_to_source.get(name) == Some(&self.target_cluster_id) {
            return Some(LeftOut::FromTarget);
        }
        // Of two flows that both made it the first by name goes on.
        let other = sides.made_by_others.get(name).filter(|_| sides.target.contains_key(name))?;
        let is_theirs = !sides.made.contains_key(name) || *other < self.flow;
        is_theirs.then(|| LeftOut::OfOtherFlow { flow: other.clone() })
    }
}

/// How a quota of the source stands to the target's.
pub fn compare_quotas(source: f64, target: Option<f64>) -> Finding {
    let is_equal = target.is_some_and(|target| target.total_cmp(&source).is_eq());
    if is_equal { Finding::Synced } else { Finding::ToWrite }
}

/// How the iterations of a user at the source stand to those at the target. A password that somebody set is not replaced.
pub fn compare_users(source: i32, target: Option<i32>, has_password: bool) -> Finding {
    match target {
        Some(iterations) if iterations == source => Finding::Synced,
        Some(_) => Finding::Drift,
        None if has_password => Finding::ToWrite,
        None => Finding::NoPassword,
    }
}

#[cfg(test)]
mod tests;
