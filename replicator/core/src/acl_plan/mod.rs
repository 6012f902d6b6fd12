//! Which rules about topics the target gets, and which it loses. As MirrorMaker 2's (`MirrorSourceConnector`,
//! `syncTopicAcls`), and beyond it: prefixed patterns, removals, and nothing to write where nothing differs.
//! A rule that the flow did not make at the target is never removed.

mod acl;
mod renaming;

use std::collections::{BTreeMap, BTreeSet};

pub use acl::{EVERY_TOPIC, Operation, PatternType, Permission, TopicAcl, TopicPattern};

use crate::selection::FlowSelection;

/// How rules of the source become rules of the target.
#[derive(Clone, Debug)]
pub struct AclRules {
    pub selection: FlowSelection,
    pub source_alias: String,
    pub source_cluster_id: String,
    pub target_cluster_id: String,
}

/// What both clusters have.
#[derive(Clone, Copy, Debug)]
pub struct AclSides<'a> {
    pub source: &'a BTreeSet<TopicAcl>,
    /// Topics of the source that the flow copies.
    pub topics: &'a [String],
    /// Rules that flows made at the source, with the id of the cluster where each was made by a person.
    pub copied_to_source: &'a BTreeMap<TopicAcl, String>,
    pub target: &'a BTreeSet<TopicAcl>,
    /// Rules that the flow made at the target.
    pub made: &'a BTreeMap<TopicAcl, AclOrigin>,
}

/// Where a rule that a flow made comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclOrigin {
    /// The cluster where it was made by a person.
    pub cluster_id: String,
    /// What it is about at the flow's source.
    pub topics: TopicPattern,
}

/// Why a rule about copied topics has none at the target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeftOut {
    #[error("leave to write is not given while the flow copies")]
    Write,
    #[error("no prefix has all of its topics at the target: `{topic}` becomes `{remote_topic}`")]
    NotOnePrefix { topic: String, remote_topic: String },
    #[error("a flow copied it from the target")]
    FromTarget,
}

/// What is to be done at the target, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AclPlan {
    /// Rules that the target lacks. Each is to be remembered as made before it is made.
    pub create: BTreeMap<TopicAcl, AclOrigin>,
    /// Rules that the flow made and whose source is gone. Each is to be forgotten once it is removed.
    pub remove: BTreeSet<TopicAcl>,
    /// Rules that the flow made and that are gone on both sides: to be forgotten.
    pub forget: BTreeSet<TopicAcl>,
    /// Rules of the source with those that the target is to have.
    pub wanted: BTreeMap<TopicAcl, TopicAcl>,
    /// Rules of the source about copied topics that have none at the target.
    pub left_out: BTreeMap<TopicAcl, LeftOut>,
}

impl AclPlan {
    /// Nothing is to be written, neither to the target nor to what is remembered.
    pub fn is_settled(&self) -> bool {
        self.create.is_empty() && self.remove.is_empty() && self.forget.is_empty()
    }
}

impl AclRules {
    /// Compares both sides.
    pub fn plan(&self, sides: &AclSides<'_>) -> AclPlan {
        let mut plan = AclPlan::default();
        for acl in sides.source {
            match self.at_target(acl, sides) {
                None => {}
                Some(Err(reason)) => {
                    plan.left_out.insert(acl.clone(), reason);
                }
                Some(Ok(remote)) => {
                    if !sides.target.contains(&remote) {
                        plan.create.entry(remote.clone()).or_insert_with(|| self.origin(acl, sides));
                    }
                    plan.wanted.insert(acl.clone(), remote);
                }
            }
        }
        let wanted: BTreeSet<&TopicAcl> = plan.wanted.values().collect();
        let (mut remove, mut forget) = (BTreeSet::new(), BTreeSet::new());
        for (remote, origin) in sides.made {
            // A rule whose topics are no longer selected, or have another name now, still guards what was copied.
            if wanted.contains(remote) || origin.is_still_at(sides.source, remote) {
                continue;
            }
            let gone = if sides.target.contains(remote) { &mut remove } else { &mut forget };
            gone.insert(remote.clone());
        }
        AclPlan { remove, forget, ..plan }
    }

    fn origin(&self, acl: &TopicAcl, sides: &AclSides<'_>) -> AclOrigin {
        let cluster_id = sides.copied_to_source.get(acl).unwrap_or(&self.source_cluster_id);
        AclOrigin { cluster_id: cluster_id.clone(), topics: acl.topics.clone() }
    }
}

impl AclOrigin {
    fn is_still_at(&self, source: &BTreeSet<TopicAcl>, remote: &TopicAcl) -> bool {
        renaming::operations_at_source(remote).any(|operation| {
            source.contains(&TopicAcl { topics: self.topics.clone(), operation, ..remote.clone() })
        })
    }
}

#[cfg(test)]
mod tests;
