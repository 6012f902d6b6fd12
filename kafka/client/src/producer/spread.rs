//! Records without a key, over the partitions of a topic.

use super::partitioner::{Choices, StickyPartition};
use super::shared::State;
use crate::metadata::Topic;

/// How records without a key spread over a topic.
#[derive(Debug)]
pub(crate) struct Spread {
    sticky: StickyPartition,
    /// Partitions with a leader; `None` when metadata changed since.
    available: Option<Vec<i32>>,
}

impl Spread {
    fn choices<'a>(available: &'a mut Option<Vec<i32>>, topic: &Topic) -> Choices<'a> {
        let led = topic.partitions.iter().filter(|(_, partition)| partition.leader >= 0);
        let available = available.get_or_insert_with(|| led.map(|(index, _)| *index).collect());
        Choices { available, all: topic.partitions.len() }
    }

    pub(crate) fn on_metadata(&mut self) {
        self.available = None;
    }

    pub(crate) fn set_load(&mut self, queues: &[(i32, usize)], all: usize) {
        self.sticky.set_load(queues, all);
    }
}

impl State {
    /// The partition for the next record without a key.
    pub(crate) fn sticky_partition(&mut self, topic: &Topic, batch_size: i32) -> i32 {
        let random = self.random.next_i32();
        if !self.spreads.contains_key(&topic.name) {
            let sticky = StickyPartition::new(usize::try_from(batch_size).unwrap_or(0));
            self.spreads.insert(topic.name.clone(), Spread { sticky, available: None });
        }
        let Some(spread) = self.spreads.get_mut(&topic.name) else { return 0 };
        spread.sticky.current(Spread::choices(&mut spread.available, topic), random)
    }

    /// Such a record was put into a batch.
    pub(crate) fn on_spread(&mut self, topic: &Topic, bytes: usize, batch_is_full: bool) {
        let random = self.random.next_i32();
        let Some(spread) = self.spreads.get_mut(&topic.name) else { return };
        let choices = Spread::choices(&mut spread.available, topic);
        spread.sticky.on_appended(bytes, batch_is_full, choices, random);
    }

    /// A topic's metadata is kept while it is sent to.
    pub(crate) fn on_used(&mut self, topic: &str, now_ms: i64) {
        match self.topics.get_mut(topic) {
            Some(used_ms) => *used_ms = now_ms,
            None => {
                self.topics.insert(topic.to_owned(), now_ms);
            }
        }
    }
}
