//! Batches that are acknowledged once they are flushed (`flush.messages`). The partitions of a request wait together, and
//! each together with other requests for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use strait_wire::error_code::ErrorCode;
use strait_wire::message::produce::TopicProduceResponse;
use tokio::task::JoinSet;

use crate::partition::Partition;

/// What an answer waits for: places of topic and partition in it, partition, offset.
#[derive(Debug, Default)]
pub(super) struct Unflushed(Vec<((usize, usize), Arc<Partition>, i64)>);

impl Unflushed {
    pub(super) fn add(&mut self, place: (usize, usize), partition: &Arc<Partition>, offset: i64) {
        self.0.push((place, Arc::clone(partition), offset));
    }

    /// Waits for all, and has the answer say what could not be flushed.
    pub(super) async fn settle(self, responses: &mut [TopicProduceResponse]) {
        let mut waiting: BTreeSet<(usize, usize)> = self.0.iter().map(|(place, _, _)| *place).collect();
        let mut flushes = JoinSet::new();
        for (place, partition, offset) in self.0 {
            flushes.spawn(async move { (place, partition.flushed(offset).await) });
        }
        while let Some(flushed) = flushes.join_next().await {
            match flushed {
                Ok((place, Ok(()))) => {
                    waiting.remove(&place);
                }
                Ok((_, Err(error))) => tracing::error!(%error, "records not flushed"),
                Err(error) => tracing::error!(%error, "records not flushed"),
            }
        }
        for (topic, partition) in waiting {
            let topic = responses.get_mut(topic);
            if let Some(answer) = topic.and_then(|topic| topic.partition_responses.get_mut(partition)) {
                *answer = super::failed(answer.index, ErrorCode::KAFKA_STORAGE_ERROR);
            }
        }
    }
}
