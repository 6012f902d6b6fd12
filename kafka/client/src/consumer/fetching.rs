//! Fetches, one out for each leader, and what they bring.

use std::collections::{BTreeMap, BTreeSet};

use strait_wire::error_code::ErrorCode;
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData};
use tokio::time::Instant;

use super::config::AutoOffsetReset;
use super::error::ConsumerError;
use super::events::Event;
use super::fetched::{Fetched, Reading};
use super::handle::Consumer;
use super::record::ConsumerRecord;
use super::subscription::{Place, Position};
use crate::connection::Connection;
use crate::error::{BrokerError, ClientError, ConnectionError};
use crate::leaders::TopicPartition;
use crate::offsets::IsolationLevel;

/// From this version on topics travel by id.
const TOPIC_ID_VERSION: i16 = 13;
/// A consumer asks.
const CONSUMER: i32 = -1;
/// The request is not part of a session.
const NO_SESSION: i32 = -1;

type Asked = Vec<(TopicPartition, u64, Position)>;

impl Consumer {
    pub(super) fn leader(&self, partition: &TopicPartition) -> Option<(i32, i32)> {
        let known = self.metadata.topics.get(&partition.0)?.partitions.get(&partition.1)?;
        (known.leader >= 0).then_some((known.leader, known.leader_epoch))
    }

    /// Asks each leader for partitions whose records are not here yet.
    pub(super) fn begin_fetches(&mut self) {
        let here: BTreeSet<&TopicPartition> = self.fetched.iter().map(|fetched| &fetched.partition).collect();
        let mut by_leader: BTreeMap<i32, Asked> = BTreeMap::new();
        let mut without_leader = false;
        for (partition, assigned, position) in self.subscriptions.fetchable() {
            match self.leader(partition) {
                _ if here.contains(partition) => {}
                Some((leader, _)) => {
                    by_leader.entry(leader).or_default().push((
                        partition.clone(),
                        assigned.version,
                        position,
                    ));
                }
                None => without_leader = true,
            }
        }
        self.flags.wants_refresh |= without_leader;
        for (leader, asked) in by_leader {
            self.begin_fetch(leader, asked);
        }
    }

    fn begin_fetch(&mut self, id: i32, asked: Asked) {
        let node = self.nodes.entry(id).or_default();
        let too_early = node.from.is_some_and(|from| Instant::now() < from);
        if node.fetching || node.connecting || too_early {
            return;
        }
        node.connection.take_if(|connection| connection.is_closed());
        let Some(connection) = node.connection.clone() else {
            node.connecting = true;
            let cluster = self.cluster.clone();
            self.events.spawn(async move { Event::Connected(id, cluster.dedicated(id).await) });
            return;
        };
        node.fetching = true;
        let (request, version) = self.build(&connection, &asked);
        self.events
            .spawn(async move { Event::Fetched(id, asked, connection.call_at(&request, version).await) });
    }

    pub(super) fn on_connected(&mut self, id: i32, outcome: Result<Connection, ClientError>) {
        let from = Instant::now() + self.backoff();
        let node = self.nodes.entry(id).or_default();
        node.connecting = false;
        match outcome {
            Ok(connection) => node.connection = Some(connection),
            Err(error) => {
                node.from = Some(from);
                self.flags.wants_refresh = true;
                if error.is_unauthorized() {
                    self.errors.push_back(error.into());
                }
            }
        }
    }

    fn build(&self, connection: &Connection, asked: &Asked) -> (FetchRequest, i16) {
        let highest = connection.version_of::<FetchRequest>().unwrap_or(TOPIC_ID_VERSION - 1);
        let id_of = |topic: &str| self.metadata.topics.get(topic).map(|topic| topic.id).unwrap_or_default();
        let has_ids = asked.iter().all(|((topic, _), _, _)| !id_of(topic).is_zero());
        let version = if has_ids { highest } else { highest.min(TOPIC_ID_VERSION - 1) };
        let mut topics: BTreeMap<&str, Vec<FetchPartition>> = BTreeMap::new();
        for (partition, _, position) in asked {
            topics.entry(&partition.0).or_default().push(FetchPartition {
                partition: partition.1,
                current_leader_epoch: self.leader(partition).map_or(-1, |(_, epoch)| epoch),
                fetch_offset: position.offset,
                partition_max_bytes: self.config.max_partition_fetch_bytes,
                ..FetchPartition::default()
            });
        }
        let topics = topics.into_iter().map(|(name, partitions)| match version >= TOPIC_ID_VERSION {
            true => FetchTopic { topic_id: id_of(name), partitions, ..FetchTopic::default() },
            false => FetchTopic { topic: name.to_owned(), partitions, ..FetchTopic::default() },
        });
        let request = FetchRequest {
            replica_id: CONSUMER,
            max_wait_ms: self.config.fetch_max_wait_ms,
            min_bytes: self.config.fetch_min_bytes,
            max_bytes: self.config.fetch_max_bytes,
            isolation_level: i8::from(self.config.isolation_level == IsolationLevel::ReadCommitted),
            session_epoch: NO_SESSION,
            topics: topics.collect(),
            ..FetchRequest::default()
        };
        (request, version)
    }

    pub(super) fn on_fetched(
        &mut self,
        id: i32,
        asked: Asked,
        outcome: Result<FetchResponse, ConnectionError>,
    ) {
        let from = Instant::now() + self.backoff();
        if let Some(node) = self.nodes.get_mut(&id) {
            node.fetching = false;
        }
        match outcome {
            Ok(response) if response.error_code == 0 => self.sort(id, asked, response),
            Ok(response) => {
                tracing::debug!(node = id, code = %ErrorCode(response.error_code), "a fetch is refused");
                self.hold(id, from);
            }
            Err(error) => {
                tracing::debug!(node = id, %error, "a fetch has no answer");
                self.hold(id, from);
            }
        }
    }

    fn hold(&mut self, id: i32, from: Instant) {
        self.nodes.entry(id).or_default().from = Some(from);
        self.flags.wants_refresh = true;
    }

    fn sort(&mut self, id: i32, asked: Asked, response: FetchResponse) {
        let mut asked: BTreeMap<TopicPartition, (u64, Position)> = asked
            .into_iter()
            .map(|(partition, version, position)| (partition, (version, position)))
            .collect();
        for topic in response.responses {
            let by_id = || self.metadata.topics.values().find(|known| known.id == topic.topic_id);
            let name = match topic.topic_id.is_zero() {
                true => topic.topic,
                false => by_id().map_or(String::new(), |known| known.name.clone()),
            };
            for data in topic.partitions {
                let partition = (name.clone(), data.partition_index);
                let Some((version, position)) = asked.remove(&partition) else { continue };
                // Asked of an older leader and of the newer one, or sought elsewhere since: only one answer counts.
                let is_here = self.fetched.iter().any(|fetched| fetched.partition == partition);
                let is_current = self.subscriptions.is_at(&partition, version, position);
                if is_current && !is_here {
                    self.on_partition(id, partition, version, position, data);
                }
            }
        }
    }

    fn on_partition(
        &mut self,
        id: i32,
        partition: TopicPartition,
        version: u64,
        position: Position,
        data: PartitionData,
    ) {
        let code = ErrorCode(data.error_code);
        if !code.is_ok() {
            return self.on_refused(id, partition, position, code);
        }
        let Some(records) = data.records.filter(|records| !records.is_empty()) else { return };
        let committed_only = self.config.isolation_level == IsolationLevel::ReadCommitted;
        let reading = Reading { check_crcs: self.config.check_crcs, committed_only };
        let aborted = data.aborted_transactions.unwrap_or_default();
        let fetched = Fetched::new(partition, version, position, records.into_bytes(), aborted, reading);
        self.fetched.push_back(fetched);
    }

    fn on_refused(&mut self, id: i32, partition: TopicPartition, position: Position, code: ErrorCode) {
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
