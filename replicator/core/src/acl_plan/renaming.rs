//! What a rule of the source says at the target.

use super::{
    AclRules, AclSides, EVERY_TOPIC, LeftOut, Operation, PatternType, Permission, TopicAcl, TopicPattern,
};

impl AclRules {
    /// The rule at the target; `None` when it is about topics that the flow does not copy.
    pub(super) fn at_target(
        &self,
        acl: &TopicAcl,
        sides: &AclSides<'_>,
    ) -> Option<Result<TopicAcl, LeftOut>> {
        let topics = self.topics_at_target(&acl.topics, sides.topics)?;
        if sides.copied_to_source.get(acl) == Some(&self.target_cluster_id) {
            return Some(Err(LeftOut::FromTarget));
        }
        Some(topics.and_then(|topics| {
            let operation = operation_at_target(acl.permission, acl.operation).ok_or(LeftOut::Write)?;
            Ok(TopicAcl { topics, operation, ..acl.clone() })
        }))
    }

    fn topics_at_target(
        &self,
        pattern: &TopicPattern,
        copied: &[String],
    ) -> Option<Result<TopicPattern, LeftOut>> {
        let prefix = match pattern.kind {
            PatternType::Literal if pattern.name != EVERY_TOPIC => {
                let is_copied = self.selection.selects(&pattern.name).is_selected();
                return is_copied.then(|| Ok(TopicPattern::literal(self.remote_topic(&pattern.name))));
            }
            PatternType::Literal => "",
            PatternType::Prefixed => &pattern.name,
        };
        let before = match self.before_all(prefix, copied)? {
            Ok(before) => before,
            Err(reason) => return Some(Err(reason)),
        };
        let is_every_topic = before.is_empty() && prefix.is_empty();
        Some(Ok(match is_every_topic {
            true => TopicPattern::literal(EVERY_TOPIC),
            false => TopicPattern::prefixed(format!("{before}{prefix}")),
        }))
    }

    /// What remote names have before the names of all topics that begin with `prefix`; `None` when none is copied.
    fn before_all(&self, prefix: &str, copied: &[String]) -> Option<Result<String, LeftOut>> {
        let mut before_all: Option<String> = None;
        // Topics of heartbeats are renamed even by Identity, and belong to nobody.
        let policy = &self.selection.policy;
        let copied = copied.iter().filter(|topic| topic.starts_with(prefix));
        for topic in copied.filter(|topic| !policy.is_heartbeats_topic(topic)) {
            let remote_topic = self.remote_topic(topic);
            let before = remote_topic.strip_suffix(topic.as_str());
            match (before, &before_all) {
                (Some(before), None) => before_all = Some(before.to_owned()),
                (Some(before), Some(others)) if before == others => {}
                _ => return Some(Err(LeftOut::NotOnePrefix { topic: topic.clone(), remote_topic })),
            }
        }
        before_all.map(Ok)
    }

    fn remote_topic(&self, topic: &str) -> String {
        self.selection.policy.remote_topic(&self.source_alias, topic)
    }
}

/// What is allowed or denied at the target: leave to write is not given, leave to do everything is leave to read.
fn operation_at_target(permission: Permission, operation: Operation) -> Option<Operation> {
    match (permission, operation) {
        (Permission::Allow, Operation::WRITE) => None,
        (Permission::Allow, Operation::ALL) => Some(Operation::READ),
        (Permission::Allow | Permission::Deny, operation) => Some(operation),
    }
}

/// The operations of the source that become this one.
pub(super) fn operations_at_source(acl: &TopicAcl) -> impl Iterator<Item = Operation> {
    let candidates = [acl.operation, Operation::ALL];
    let (permission, wanted) = (acl.permission, acl.operation);
    candidates
        .into_iter()
        .filter(move |operation| operation_at_target(permission, *operation) == Some(wanted))
}
