//! Topics and records that go.

use strait_wire::message::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use strait_wire::message::delete_topics::DeleteTopicsRequest;

use crate::admin::{TopicResults, result};
use crate::cluster::Cluster;
use crate::error::ClientError;
use crate::leaders::{Asked, PartitionResults, TopicPartition};

/// Above it topics are told by name or id, which needs another request.
const TOPICS_BY_NAME_VERSION: i16 = 5;

impl Cluster {
    pub async fn delete_topics(&self, topics: &[String]) -> Result<TopicResults, ClientError> {
        let request = DeleteTopicsRequest {
            topic_names: topics.to_vec(),
            timeout_ms: self.timeout_ms(),
            ..DeleteTopicsRequest::default()
        };
        let response = self.ask_controller_at(&request, TOPICS_BY_NAME_VERSION).await?;
        let results = response.responses.into_iter();
        let results = results.filter_map(|topic| {
            let outcome = result(topic.error_code, topic.error_message);
            topic.name.map(|name| (name, outcome))
        });
        Ok(results.collect())
    }

    /// Deletes the records before each offset; -1 means all. Gives each partition's first offset afterwards.
    pub async fn delete_records(
        &self,
        partitions: &[(TopicPartition, i64)],
    ) -> Result<PartitionResults<i64>, ClientError> {
        let timeout_ms = self.timeout_ms();
        let build = |asked: &Asked<i64>| delete_records_request(asked, timeout_ms);
        self.ask_leaders(partitions.iter().cloned().collect(), build, |response| {
            let topics = response.topics.into_iter();
            let results = topics.flat_map(|topic| {
                topic.partitions.into_iter().map(move |partition| {
                    let first = result(partition.error_code, None).map(|()| partition.low_watermark);
                    ((topic.name.clone(), partition.partition_index), first)
                })
            });
            results.collect()
        })
        .await
    }
}

fn delete_records_request(asked: &Asked<i64>, timeout_ms: i32) -> DeleteRecordsRequest {
    let topics = asked.iter().map(|(name, partitions)| DeleteRecordsTopic {
        name: name.clone(),
        partitions: partitions
            .iter()
            .map(|(partition_index, offset)| DeleteRecordsPartition {
                partition_index: *partition_index,
                offset: *offset,
            })
            .collect(),
    });
    DeleteRecordsRequest { topics: topics.collect(), timeout_ms }
}
