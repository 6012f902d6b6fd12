//! Brokers, topics and leaders of a cluster.

use std::collections::BTreeMap;

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::metadata::{MetadataResponse, MetadataResponseTopic};

/// What a cluster says of itself.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    pub cluster_id: Option<String>,
    pub controller_id: i32,
    pub brokers: BTreeMap<i32, Broker>,
    pub topics: BTreeMap<String, Topic>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    pub id: i32,
    pub host: String,
    pub port: i32,
    pub rack: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    /// Zero where the cluster has no topic ids.
    pub id: Uuid,
    pub is_internal: bool,
    pub error: ErrorCode,
    pub partitions: BTreeMap<i32, Partition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// -1 while there is none.
    pub leader: i32,
    pub leader_epoch: i32,
    pub replicas: Vec<i32>,
    pub in_sync_replicas: Vec<i32>,
    pub error: ErrorCode,
}

impl Broker {
    pub fn address(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl Metadata {
    /// Takes an answer: of all topics, or of some that replace what was known of them.
    pub(crate) fn absorb(&mut self, response: MetadataResponse, all_topics: bool) {
        self.cluster_id = response.cluster_id;
        self.controller_id = response.controller_id;
        let brokers = response.brokers.into_iter().map(|broker| Broker {
            id: broker.node_id,
            host: broker.host,
            port: broker.port,
            rack: broker.rack,
        });
        self.brokers = brokers.map(|broker| (broker.id, broker)).collect();
        if all_topics {
            self.topics.clear();
        }
        for topic in response.topics {
            self.absorb_topic(topic);
        }
    }

    fn absorb_topic(&mut self, topic: MetadataResponseTopic) {
        let Some(name) = topic.name else { return };
        let error = ErrorCode(topic.error_code);
        if error == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION {
            self.topics.remove(&name);
            return;
        }
        let partitions = topic.partitions.into_iter().map(|partition| {
            let (leader, leader_epoch) = (partition.leader_id, partition.leader_epoch);
            (
                partition.partition_index,
                Partition {
                    leader,
                    leader_epoch,
                    replicas: partition.replica_nodes,
                    in_sync_replicas: partition.isr_nodes,
                    error: ErrorCode(partition.error_code),
                },
            )
        });
        let partitions = partitions.collect();
        let (id, is_internal) = (topic.topic_id, topic.is_internal);
        self.topics.insert(name.clone(), Topic { name, id, is_internal, error, partitions });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ip_6_stands_in_brackets() {
        let broker = |host: &str| Broker { id: 1, host: host.to_owned(), port: 9092, rack: None };
        assert_eq!(broker("::1").address(), "[::1]:9092");
        assert_eq!(broker("kafka-1").address(), "kafka-1:9092");
    }
}
