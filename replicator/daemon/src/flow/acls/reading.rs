//! Rules and topics as clusters and state topics tell them.

use std::collections::{BTreeMap, BTreeSet};

use strait_client::{Acl, ClientError, Cluster, Metadata};
use strait_replicator_core::acl_plan::{Operation, PatternType, Permission, TopicAcl, TopicPattern};
use strait_replicator_core::state_record::{Key, Value};

use super::{AclTask, PassError};
use crate::flow::selected::selected_topics;
use crate::state_topic::Isolation;

/// Kafka's code for what a rule is about.
const TOPIC: i8 = 2;

/// All rules about topics of a cluster, but for kinds that Kafka does not have yet.
pub(super) async fn topic_acls(cluster: &Cluster) -> Result<BTreeSet<TopicAcl>, ClientError> {
    Ok(cluster.describe_topic_acls().await?.into_iter().filter_map(topic_acl).collect())
}

fn topic_acl(acl: Acl) -> Option<TopicAcl> {
    (acl.resource_type == TOPIC).then_some(())?;
    Some(TopicAcl {
        topics: TopicPattern { kind: PatternType::from_code(acl.pattern_type)?, name: acl.resource_name },
        principal: acl.principal,
        host: acl.host,
        operation: Operation(acl.operation),
        permission: Permission::from_code(acl.permission)?,
    })
}

/// The rule as a request has it.
pub(super) fn as_request(acl: &TopicAcl) -> Acl {
    Acl {
        resource_type: TOPIC,
        resource_name: acl.topics.name.clone(),
        pattern_type: acl.topics.kind.code(),
        principal: acl.principal.clone(),
        host: acl.host.clone(),
        operation: acl.operation.0,
        permission: acl.permission.code(),
    }
}

impl AclTask {
    pub(super) fn copied_topics(&self, source: &Metadata) -> Vec<String> {
        selected_topics(&self.parts.rules.selection, source).map(|topic| topic.name.clone()).collect()
    }

    /// Rules that flows made at the source, with the cluster where each was made by a person.
    pub(super) async fn copied_to_source(&mut self) -> Result<BTreeMap<TopicAcl, String>, PassError> {
        if self.source_state.exists().await.map_err(PassError::SourceState)? {
            let caught_up = self.source_state.catch_up(&mut self.source_view, Isolation::OutsideTransactions);
            caught_up.await.map_err(PassError::SourceState)?;
        }
        let made = self.source_view.state.iter().filter_map(|(key, value)| match (key, value) {
            (Key::Acl { acl, .. }, Value::Acl(origin)) => Some((acl.clone(), origin.cluster_id.clone())),
            _ => None,
        });
        Ok(made.collect())
    }
}
