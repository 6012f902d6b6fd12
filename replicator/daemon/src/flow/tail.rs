//! Where the target stands: what it holds of ours beyond the positions of many partitions, in a few requests.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use strait_client::{Connection, ConnectionError, UnsupportedApiError};
use strait_replicator_core::lane::{Identities, Origin, Sequence, Sequences, Tail, WrittenBatch};
use strait_wire::batch::{BatchError, Entry, closed_batches};
use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::describe_producers::{DescribeProducersRequest, ProducerState, TopicRequest};
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};
use strait_wire::message::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};

use super::assignment::End;

const LATEST: i64 = -1;
const SCAN_BYTES: i32 = 1 << 20;
/// So much of the log is searched for batches that do not simply follow the position.
const MOST_SEARCHED_BYTES: usize = 64 << 20;

/// Why a tail could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum TailError {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Unsupported(#[from] UnsupportedApiError),
    #[error("the target answers {code} for {topic}-{partition}")]
    Refused { topic: String, partition: i32, code: ErrorCode },
    #[error("a batch of {topic}-{partition} at the target can't be read: {source}")]
    Batch { topic: String, partition: i32, source: BatchError },
    #[error("the target left {topic}-{partition} out of its answer")]
    Missing { topic: String, partition: i32 },
}

/// One partition to look at.
#[derive(Clone, Debug)]
pub(super) struct TailAsked {
    pub(super) index: usize,
    pub(super) generation: u64,
    pub(super) target: End,
    pub(super) partition: i32,
    /// Batches of ours beyond the position lie at this offset or after it.
    pub(super) from: i64,
    /// Whether the log is searched where the broker has forgotten our producer.
    pub(super) search: bool,
    /// Whether our batches themselves are asked for.
    pub(super) batches: bool,
}

/// Reads the tails of partitions that one broker leads.
pub(super) struct TailReader {
    pub(super) connection: Connection,
    pub(super) identities: Identities,
}

type Place = (String, i32);

/// What a search of the log found of ours.
#[derive(Default)]
struct Found {
    sequences: Sequences,
    batches: Vec<WrittenBatch>,
}

impl TailReader {
    /// The tail of each, or one error for all.
    pub(super) async fn read(&self, asked: &[TailAsked]) -> Result<Vec<Result<Tail, TailError>>, TailError> {
        // The log's end first: batches that are written meanwhile then lie behind it.
        let ends = self.log_ends(asked).await?;
        let producers = self.producers(asked).await?;
        let mut tails = Vec::with_capacity(asked.len());
        for one in asked {
            tails.push(self.tail(one, &ends, &producers).await);
        }
        Ok(tails)
    }

    async fn tail(
        &self,
        asked: &TailAsked,
        ends: &HashMap<Place, Result<i64, ErrorCode>>,
        producers: &HashMap<Place, Result<Vec<ProducerState>, ErrorCode>>,
    ) -> Result<Tail, TailError> {
        let place = (asked.target.topic.clone(), asked.partition);
        let refused = |code| TailError::Refused { topic: place.0.clone(), partition: place.1, code };
        let missing = || TailError::Missing { topic: place.0.clone(), partition: place.1 };
        let log_end = ends.get(&place).ok_or_else(missing)?.map_err(refused)?;
        let known = match producers.get(&place) {
            Some(Ok(producers)) => self.sequences(producers),
            Some(Err(code)) => return Err(refused(*code)),
            None => Sequences::default(),
        };
        let is_known = |origin| known.iter().any(|(known, _)| known == origin);
        let is_forgotten = self.identities.producer_ids().any(|(origin, _)| !is_known(origin));
        let mut found = Found::default();
        if (asked.batches || is_forgotten && asked.search) && log_end > asked.from {
            found = self.search(asked, log_end, is_forgotten).await?;
        }
        let mut sequences = found.sequences;
        for (origin, sequence) in known.iter() {
            sequences.set(origin, sequence);
        }
        Ok(Tail { sequences, log_end, batches: asked.batches.then_some(found.batches) })
    }

    fn sequences(&self, producers: &[ProducerState]) -> Sequences {
        let ours = producers.iter().filter_map(|producer| {
            let origin = self.identities.origin_of(producer.producer_id)?;
            Some((origin, Sequence::new(producer.last_sequence)?.advance(1)))
        });
        ours.collect()
    }

    async fn log_ends(
        &self,
        asked: &[TailAsked],
    ) -> Result<HashMap<Place, Result<i64, ErrorCode>>, TailError> {
        let mut topics: BTreeMap<&str, Vec<ListOffsetsPartition>> = BTreeMap::new();
        for one in asked {
            topics.entry(&one.target.topic).or_default().push(ListOffsetsPartition {
                partition_index: one.partition,
                current_leader_epoch: -1,
                timestamp: LATEST,
            });
        }
        let topics = topics.into_iter().map(|(name, partitions)| {
            let name = name.to_owned();
            ListOffsetsTopic { name, partitions }
        });
        let request = ListOffsetsRequest { replica_id: -1, topics: topics.collect(), ..Default::default() };
        let response = self.connection.call(&request).await?;
        let mut ends = HashMap::new();
        for topic in response.topics {
            for partition in topic.partitions {
                let code = ErrorCode(partition.error_code);
                let end = if code.is_ok() { Ok(partition.offset) } else { Err(code) };
                ends.insert((topic.name.clone(), partition.partition_index), end);
            }
        }
        Ok(ends)
    }

    /// The producers that the broker remembers; nothing where it can't be asked.
    async fn producers(
        &self,
        asked: &[TailAsked],
    ) -> Result<HashMap<Place, Result<Vec<ProducerState>, ErrorCode>>, TailError> {
        let has_producers = self.identities.producer_ids().next().is_some();
        if !has_producers || self.connection.version_of::<DescribeProducersRequest>().is_err() {
            return Ok(HashMap::new());
        }
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for one in asked {
            topics.entry(&one.target.topic).or_default().push(one.partition);
        }
        let topics = topics.into_iter().map(|(name, partition_indexes)| {
            let name = name.to_owned();
            TopicRequest { name, partition_indexes }
        });
        let request = DescribeProducersRequest { topics: topics.collect() };
        let response = self.connection.call(&request).await?;
        let mut producers = HashMap::new();
        for topic in response.topics {
            for partition in topic.partitions {
                let code = ErrorCode(partition.error_code);
                let active = if code.is_ok() { Ok(partition.active_producers) } else { Err(code) };
                producers.insert((topic.name.clone(), partition.partition_index), active);
            }
        }
        Ok(producers)
    }

    /// What of ours is in the log from the position's end on. It is read to its end only if it must.
    async fn search(&self, asked: &TailAsked, log_end: i64, to_the_end: bool) -> Result<Found, TailError> {
        let mut found = Found::default();
        let (mut offset, mut searched) = (asked.from, 0);
        while offset < log_end && (to_the_end || searched < MOST_SEARCHED_BYTES) {
            let bytes = self.fetch(asked, offset).await?;
            let before = offset;
            searched += bytes.len();
            for entry in closed_batches(bytes) {
                let wrong = |source| TailError::Batch {
                    topic: asked.target.topic.clone(),
                    partition: asked.partition,
                    source,
                };
                let Entry::Closed(batch) = entry.map_err(wrong)? else { continue };
                let header = batch.header();
                offset = offset.max(header.next_offset());
                if let Some((origin, base_sequence)) = self.written(header.producer_id, header.base_sequence)
                {
                    let records = header.next_offset() - header.base_offset;
                    found.sequences.set(origin, base_sequence.advance(records));
                    if asked.batches {
                        let base_offset = header.base_offset;
                        found.batches.push(WrittenBatch { origin, base_sequence, base_offset, records });
                    }
                }
            }
            if offset == before {
                break;
            }
        }
        Ok(found)
    }

    fn written(&self, producer_id: i64, base_sequence: i32) -> Option<(Origin, Sequence)> {
        Some((self.identities.origin_of(producer_id)?, Sequence::new(base_sequence)?))
    }

    async fn fetch(&self, asked: &TailAsked, offset: i64) -> Result<Bytes, TailError> {
        let (topic, partition) = (&asked.target.topic, asked.partition);
        let highest = self.connection.version_of::<FetchRequest>()?;
        let by_id = highest >= 13 && asked.target.topic_id != Uuid::ZERO;
        let version = if by_id { highest } else { highest.min(12) };
        let mut fetched = FetchTopic {
            partitions: vec![FetchPartition {
                partition,
                fetch_offset: offset,
                partition_max_bytes: SCAN_BYTES,
                ..FetchPartition::default()
            }],
            ..FetchTopic::default()
        };
        if by_id {
            fetched.topic_id = asked.target.topic_id;
        } else {
            fetched.topic.clone_from(topic);
        }
        let request = FetchRequest {
            min_bytes: 1,
            max_bytes: SCAN_BYTES,
            session_epoch: -1,
            topics: vec![fetched],
            ..FetchRequest::default()
        };
        let response = self.connection.call_at(&request, version).await?;
        let answer = response.responses.into_iter().flat_map(|topic| topic.partitions).next();
        let answer = answer.ok_or_else(|| TailError::Missing { topic: topic.clone(), partition })?;
        let code = ErrorCode(answer.error_code);
        if !code.is_ok() {
            return Err(TailError::Refused { topic: topic.clone(), partition, code });
        }
        Ok(answer.records.map_or_else(Bytes::new, |records| records.into_bytes()))
    }
}
