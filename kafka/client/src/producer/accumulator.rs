//! Batches that fill and wait, by partition (`RecordAccumulator`): when one is full, when it may go, when it is too
//! late. Time comes in as milliseconds; who waits for a record is the caller's.

use std::collections::BTreeMap;

use strait_wire::batch::Compression;

use super::backoff::Backoff;
use super::batch::Batch;
use super::queue::Queue;
use super::record::ProducerRecord;
use crate::admin::ProducerIdentity;
use crate::leaders::TopicPartition;

/// What of the settings concerns batches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) batch_size: usize,
    pub(crate) max_request_size: usize,
    pub(crate) linger_ms: i64,
    pub(crate) delivery_timeout_ms: i64,
    pub(crate) backoff: Backoff,
    pub(crate) compression: Compression,
    /// One request for a partition at a time, where order is wanted and sequences do not keep it.
    pub(crate) one_in_flight: bool,
}

/// What makes batches go before they are full or old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hurry(pub(crate) bool);

/// Leader and its epoch of a partition.
pub(crate) type LeaderOf<'a> = dyn Fn(&str, i32) -> Option<(i32, i32)> + 'a;
/// Whether a partition may be sent to.
pub(crate) type Admits<'a> = dyn Fn(&str, i32) -> bool + 'a;

/// What decides, in this moment, which batches may go.
pub(crate) struct Moment<'a> {
    pub(crate) now_ms: i64,
    pub(crate) hurry: Hurry,
    /// Under which new batches are numbered; `None` without idempotence.
    pub(crate) numbering: Numbering,
    /// Leader and its epoch of each partition, as far as known.
    pub(crate) leader: &'a LeaderOf<'a>,
    /// Partitions that the transaction knows; `None` without one.
    pub(crate) admitted: Option<&'a Admits<'a>>,
}

/// How batches get their sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbering {
    /// No idempotence.
    None,
    /// No producer id yet: nothing goes.
    Awaited,
    As(ProducerIdentity),
}

/// A record's place after `append`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    /// A batch of the partition is full, or it is new: the sender wants to know.
    pub(crate) wakes: bool,
    /// The record's batch is ready to go.
    pub(crate) is_full: bool,
}

/// All partitions' batches.
#[derive(Debug)]
pub(crate) struct Accumulator<W> {
    pub(crate) limits: Limits,
    pub(crate) topics: BTreeMap<String, BTreeMap<i32, Queue<W>>>,
    next_id: u64,
    /// Batches that nobody was told about, and into how many parts each is split.
    unfinished: BTreeMap<u64, usize>,
}

impl<W> Accumulator<W> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, topics: BTreeMap::new(), next_id: 0, unfinished: BTreeMap::new() }
    }

    /// Puts a record into the partition's last batch, or begins one.
    pub(crate) fn append(
        &mut self,
        partition: i32,
        record: &ProducerRecord,
        timestamp_ms: i64,
        now_ms: i64,
        waiter: W,
    ) -> Appended {
        let next_id = &mut self.next_id;
        let topic = match self.topics.contains_key(&record.topic) {
            true => self.topics.get_mut(&record.topic),
            false => Some(self.topics.entry(record.topic.clone()).or_default()),
        };
        let Some(topic) = topic else { return Appended { wakes: false, is_full: false } };
        let queue = topic.entry(partition).or_default();
        let size = record.size_upper_bound();
        let begins = !queue.has_room(size, self.limits.batch_size);
        if begins {
            *next_id += 1;
            self.unfinished.insert(*next_id, 1);
            queue.begin(*next_id, self.limits.compression, now_ms, timestamp_ms);
        }
        queue.push(record, timestamp_ms, waiter);
        let is_full = queue.is_full(self.limits.batch_size);
        Appended { wakes: begins || is_full, is_full }
    }

    pub(crate) fn queue(&mut self, partition: &TopicPartition) -> Option<&mut Queue<W>> {
        self.topics.get_mut(&partition.0)?.get_mut(&partition.1)
    }

    /// All queues with their partitions.
    pub(crate) fn queues(&mut self) -> impl Iterator<Item = (&str, i32, &mut Queue<W>)> {
        self.topics.iter_mut().flat_map(|(topic, partitions)| {
            partitions.iter_mut().map(move |(partition, queue)| (topic.as_str(), *partition, queue))
        })
    }

    /// Brokers that something may go to now, when to look again at the latest, and topics without a leader.
    pub(crate) fn ready(&mut self, moment: &Moment<'_>) -> Ready {
        let mut ready = Ready::default();
        let limits = self.limits;
        for (topic, partition, queue) in self.queues() {
            let leader = (moment.leader)(topic, partition);
            let leader_epoch = leader.map_or(-1, |(_, epoch)| epoch);
            let Some(waits_ms) = queue.waits_ms(leader_epoch, moment, &limits) else { continue };
            match leader {
                None => {
                    ready.without_leader.insert(topic.to_owned());
                }
                Some((leader, _)) if waits_ms == 0 => {
                    ready.leaders.insert(leader);
                }
                Some(_) => ready.look_again_ms = ready.look_again_ms.min(waits_ms),
            }
        }
        ready
    }

    /// The batches of one request to `leader`, one of each partition. Partitions after `after` come first, so that
    /// none starves.
    pub(crate) fn drain(
        &mut self,
        leader: i32,
        after: Option<&TopicPartition>,
        moment: &Moment<'_>,
    ) -> Vec<(TopicPartition, Batch<W>)> {
        let limits = self.limits;
        let led = self.queues().filter_map(|(topic, partition, queue)| {
            let (found, epoch) = (moment.leader)(topic, partition)?;
            let may_go = found == leader && queue.may_go(topic, partition, epoch, moment, &limits);
            may_go.then(|| ((topic.to_owned(), partition), epoch))
        });
        let mut led: Vec<(TopicPartition, i32)> = led.collect();
        let start = led.partition_point(|(partition, _)| Some(partition) <= after);
        let length = led.len();
        led.rotate_left(start.min(length));
        let (mut drained, mut size) = (Vec::new(), 0);
        for (partition, epoch) in led {
            let Some(queue) = self.queue(&partition) else { continue };
            size += queue.front_size();
            if size > limits.max_request_size && !drained.is_empty() {
                break;
            }
            drained.extend(queue.take(epoch, moment).map(|batch| (partition, batch)));
        }
        drained
    }

    /// Takes out the batches that waited for longer than the delivery timeout.
    pub(crate) fn expire(&mut self, now_ms: i64) -> Vec<(TopicPartition, Batch<W>)> {
        let timeout_ms = self.limits.delivery_timeout_ms;
        let mut expired = Vec::new();
        for (topic, partition, queue) in self.queues() {
            while let Some(batch) = queue.expire(now_ms, timeout_ms) {
                expired.push(((topic.to_owned(), partition), batch));
            }
        }
        expired
    }

    /// When the next batch expires that waits here.
    pub(crate) fn next_expiry_ms(&mut self) -> Option<i64> {
        let timeout_ms = self.limits.delivery_timeout_ms;
        let oldest = self.queues().filter_map(|(_, _, queue)| queue.oldest_ms()).min();
        oldest.map(|created_ms| created_ms.saturating_add(timeout_ms))
    }

    /// Takes out everything that waits.
    pub(crate) fn abort(&mut self) -> Vec<(TopicPartition, Batch<W>)> {
        self.take_out(Queue::abort)
    }

    /// Takes out what was never sent.
    pub(crate) fn abort_unsent(&mut self) -> Vec<(TopicPartition, Batch<W>)> {
        self.take_out(Queue::abort_unsent)
    }

    fn take_out(&mut self, take: impl Fn(&mut Queue<W>) -> Vec<Batch<W>>) -> Vec<(TopicPartition, Batch<W>)> {
        let mut taken = Vec::new();
        for (topic, partition, queue) in self.queues() {
            taken.extend(take(queue).into_iter().map(|batch| ((topic.to_owned(), partition), batch)));
        }
        taken
    }

    /// A batch is over, or a part of it; true when all of it is.
    pub(crate) fn on_finished(&mut self, id: u64) -> bool {
        let Some(parts) = self.unfinished.get_mut(&id) else { return false };
        *parts -= 1;
        let over = *parts == 0;
        if over {
            self.unfinished.remove(&id);
        }
        over
    }

    pub(crate) fn on_split(&mut self, id: u64) {
        if let Some(parts) = self.unfinished.get_mut(&id) {
            *parts += 1;
        }
    }

    /// The newest batch that was begun.
    pub(crate) fn newest(&self) -> u64 {
        self.next_id
    }

    /// The oldest batch that is not over.
    pub(crate) fn oldest_unfinished(&self) -> Option<u64> {
        self.unfinished.first_key_value().map(|(id, _)| *id)
    }
}

/// What may go, and when something else may.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) leaders: std::collections::BTreeSet<i32>,
    pub(crate) look_again_ms: i64,
    pub(crate) without_leader: std::collections::BTreeSet<String>,
}

impl Default for Ready {
    fn default() -> Self {
        Self { leaders: Default::default(), look_again_ms: i64::MAX, without_leader: Default::default() }
    }
}

#[cfg(test)]
#[path = "accumulator_tests.rs"]
mod tests;
