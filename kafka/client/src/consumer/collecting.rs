//! What a leader refused, and what is handed out to the program.

use strait_wire::error_code::ErrorCode;
use tokio::time::Instant;

use super::config::AutoOffsetReset;
use super::error::ConsumerError;
use super::handle::Consumer;
use super::record::ConsumerRecord;
use super::subscription::{Place, Position};
use crate::error::BrokerError;
use crate::leaders::TopicPartition;

impl Consumer {
    pub(super) fn on_refused(
        &mut self,
        id: i32,
        partition: TopicPartition,
        position: Position,
        code: ErrorCode,
    ) {
        match code {
            ErrorCode::OFFSET_OUT_OF_RANGE => self.on_out_of_range(partition, position.offset),
            ErrorCode::TOPIC_AUTHORIZATION_FAILED
            | ErrorCode::UNKNOWN_SERVER_ERROR
            | ErrorCode::CORRUPT_MESSAGE => {
                let (topic, error) = (partition.0, BrokerError { code, message: None });
                self.errors.push_back(ConsumerError::Topic { topic, error });
                self.hold(id, Instant::now() + self.backoff());
            }
            _ => self.hold(id, Instant::now() + self.backoff()),
        }
    }

    fn on_out_of_range(&mut self, partition: TopicPartition, offset: i64) {
        match self.config.auto_offset_reset {
            AutoOffsetReset::None => {
                let from = Instant::now() + self.backoff();
                if let Some((leader, _)) = self.leader(&partition) {
                    self.hold(leader, from);
                }
                self.errors.push_back(ConsumerError::OffsetOutOfRange { partition, offset });
            }
            policy => {
                tracing::info!(
                    topic = partition.0,
                    partition = partition.1,
                    offset,
                    "the offset is not in the log"
                );
                // It is assigned: the caller looked.
                let _ = self.subscriptions.place(&partition, Place::Reset(policy));
            }
        }
    }

    /// Hands out what is here, in order, at most `max.poll.records`.
    pub(super) fn collect(&mut self) -> Result<Vec<ConsumerRecord>, ConsumerError> {
        let most = usize::try_from(self.config.max_poll_records).unwrap_or(1);
        let mut records = Vec::new();
        for _ in 0..self.fetched.len() {
            let Some(mut fetched) = self.fetched.pop_front() else { break };
            let Some(assigned) = self.subscriptions.assigned.get(&fetched.partition) else { continue };
            if assigned.version != fetched.version {
                continue;
            }
            if assigned.paused || assigned.leaving || records.len() >= most {
                self.fetched.push_back(fetched);
                continue;
            }
            let taken = fetched.take(most - records.len());
            self.subscriptions.advance(&fetched.partition, fetched.position);
            match taken {
                Ok(taken) => {
                    let more = !fetched.is_over();
                    records.extend(taken);
                    if more {
                        self.fetched.push_front(fetched);
                        break;
                    }
                }
                Err(error) => {
                    let (partition, offset) = (fetched.partition.clone(), fetched.position.offset);
                    self.fetched.push_back(fetched);
                    let error = ConsumerError::CorruptRecord { partition, offset, error };
                    return if records.is_empty() { Err(error) } else { Ok(records) };
                }
            }
        }
        Ok(records)
    }
}
