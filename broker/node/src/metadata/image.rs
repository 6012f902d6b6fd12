//! What the metadata log says when it is read from its start: topics, settings, producer ids.

use std::collections::BTreeMap;

use strait_broker_core::acl::AclBinding;
use strait_broker_core::features::FeatureLevels;
use strait_broker_core::quota::{Entity, QuotaKind, Quotas};
use strait_broker_core::sasl::scram::ScramCredential;
use strait_wire::ids::Uuid;

use super::record::MetadataRecord;
use super::scram::ScramUser;

/// The types of resources that have settings (`ConfigResource.Type`).
pub(crate) const TOPIC_RESOURCE: i8 = 2;
pub(crate) const BROKER_RESOURCE: i8 = 4;
pub(crate) const CLIENT_METRICS_RESOURCE: i8 = 16;
pub(crate) const GROUP_RESOURCE: i8 = 32;

/// A topic as the metadata log knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicDescription {
    pub(crate) name: String,
    /// Partitions are numbered from 0.
    pub(crate) partitions: i32,
}

/// The metadata of the cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MetadataImage {
    topics: BTreeMap<Uuid, TopicDescription>,
    /// By type and name of the resource.
    configs: BTreeMap<(i8, String), BTreeMap<String, String>>,
    scram_users: BTreeMap<ScramUser, ScramCredential>,
    next_producer_id: i64,
    acls: BTreeMap<Uuid, AclBinding>,
    quotas: Quotas,
    features: FeatureLevels,
}

impl MetadataImage {
    /// Takes one more record into account.
    pub(crate) fn replay(&mut self, record: MetadataRecord) {
        match record {
            MetadataRecord::Topic { name, id } => {
                self.topics.insert(id, TopicDescription { name, partitions: 0 });
            }
            MetadataRecord::Partition { topic_id, index, .. } => {
                if let Some(topic) = self.topics.get_mut(&topic_id) {
                    topic.partitions = topic.partitions.max(index.saturating_add(1));
                }
            }
            MetadataRecord::Config { resource_type, resource, name, value } => {
                let configs = self.configs.entry((resource_type, resource)).or_default();
                match value {
                    Some(value) => configs.insert(name, value),
                    None => configs.remove(&name),
                };
            }
            MetadataRecord::RemoveTopic { id } => {
                if let Some(topic) = self.topics.remove(&id) {
                    self.configs.remove(&(TOPIC_RESOURCE, topic.name));
                }
            }
            MetadataRecord::ScramUser { user, credential } => {
                self.scram_users.insert(user, credential);
            }
            MetadataRecord::RemoveScramUser(user) => {
                self.scram_users.remove(&user);
            }
            MetadataRecord::ProducerIds { next_producer_id, .. } => {
                self.next_producer_id = self.next_producer_id.max(next_producer_id);
            }
            MetadataRecord::AccessControlEntry { id, binding } => {
                self.acls.insert(id, binding);
            }
            MetadataRecord::RemoveAccessControlEntry { id } => {
                self.acls.remove(&id);
            }
            MetadataRecord::FeatureLevel { name, level } => self.features.set(name, level),
            MetadataRecord::ClientQuota { entity, key, value } => {
                let entity =
                    Entity::of_parts(entity.iter().map(|(kind, name)| (kind.as_str(), name.as_deref())));
                // What a newer release may have stored is passed over.
                if let (Some(entity), Some(kind)) = (entity, QuotaKind::of_name(&key)) {
                    self.quotas.set(entity, kind, value);
                }
            }
        }
    }

    pub(crate) fn topics(&self) -> impl Iterator<Item = (Uuid, &TopicDescription)> {
        self.topics.iter().map(|(id, topic)| (*id, topic))
    }

    /// Settings of a resource of its own.
    pub(crate) fn configs(&self, resource_type: i8, resource: &str) -> BTreeMap<String, String> {
        self.configs.get(&(resource_type, resource.to_owned())).cloned().unwrap_or_default()
    }

    pub(crate) fn scram_users(&self) -> &BTreeMap<ScramUser, ScramCredential> {
        &self.scram_users
    }

    /// All access rules, by their ids.
    pub(crate) fn acls(&self) -> &BTreeMap<Uuid, AclBinding> {
        &self.acls
    }

    /// Levels of features.
    pub(crate) fn features(&self) -> &FeatureLevels {
        &self.features
    }

    /// All quotas.
    pub(crate) fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// Names of the resources of a type that have settings of their own.
    pub(crate) fn resources(&self, resource_type: i8) -> impl Iterator<Item = &str> {
        let all = self
            .configs
            .iter()
            .filter(move |((kind, _), configs)| *kind == resource_type && !configs.is_empty());
        all.map(|((_, name), _)| name.as_str())
    }

    /// The first producer id that no block holds yet.
    pub(crate) fn next_producer_id(&self) -> i64 {
        self.next_producer_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_topic_takes_its_settings_with_it() {
        let id = Uuid([1; 16]);
        let mut image = MetadataImage::default();
        image.replay(MetadataRecord::Topic { name: "orders".to_owned(), id });
        for index in 0..3 {
            image.replay(MetadataRecord::Partition { topic_id: id, index, replica: 1 });
        }
        let config = |value: Option<&str>| MetadataRecord::Config {
            resource_type: TOPIC_RESOURCE,
            resource: "orders".to_owned(),
            name: "retention.ms".to_owned(),
            value: value.map(str::to_owned),
        };
        image.replay(config(Some("5")));
        assert_eq!(
            image.configs(TOPIC_RESOURCE, "orders").get("retention.ms").map(String::as_str),
            Some("5")
        );
        assert_eq!(image.topics().map(|(_, topic)| topic.partitions).collect::<Vec<_>>(), [3]);
        image.replay(MetadataRecord::RemoveTopic { id });
        assert!(image.configs(TOPIC_RESOURCE, "orders").is_empty());
        assert_eq!(image.topics().count(), 0);
        image.replay(config(None));
        assert!(image.configs(TOPIC_RESOURCE, "orders").is_empty());
    }

    #[test]
    fn producer_ids_never_go_back() {
        let mut image = MetadataImage::default();
        image.replay(MetadataRecord::ProducerIds { broker_id: 1, next_producer_id: 2_000 });
        image.replay(MetadataRecord::ProducerIds { broker_id: 1, next_producer_id: 1_000 });
        assert_eq!(image.next_producer_id(), 2_000);
    }
}
