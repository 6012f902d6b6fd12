//! Which partition a record goes to (`BuiltInPartitioner`): its key's hash, or without a key one partition for about
//! a batch and then another (KIP-794). Randomness comes in as an argument.

use super::murmur2::{murmur2, positive};

/// The partition of a key among `partitions`, as Kafka's own producers choose it.
pub fn partition_for_key(key: &[u8], partitions: usize) -> i32 {
    as_partition(positive(murmur2(key)) % partitions.max(1))
}

fn as_partition(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

/// Partitions of a topic that records without a key can go to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choices<'a> {
    /// Those with a leader.
    pub(crate) available: &'a [i32],
    /// How many there are in all.
    pub(crate) all: usize,
}

/// The partition of records without a key, for one topic.
#[derive(Debug)]
pub(crate) struct StickyPartition {
    batch_size: usize,
    current: Option<(i32, usize)>,
    /// Sums of what each partition is preferred by, and the partitions.
    load: Option<Vec<(usize, i32)>>,
}

impl StickyPartition {
    /// Another partition is chosen after `batch_size` bytes.
    pub(crate) fn new(batch_size: usize) -> Self {
        Self { batch_size: batch_size.max(1), current: None, load: None }
    }

    /// The partition for the next record.
    pub(crate) fn current(&mut self, choices: Choices<'_>, random: i32) -> i32 {
        let next = self.current.map_or_else(|| self.draw(choices, random), |(partition, _)| partition);
        self.current.get_or_insert((next, 0)).0
    }

    /// A record went there. A switch waits for the batch to be full, but not for ever.
    pub(crate) fn on_appended(
        &mut self,
        bytes: usize,
        batch_is_full: bool,
        choices: Choices<'_>,
        random: i32,
    ) {
        let Some((partition, produced)) = self.current else { return };
        let produced = produced + bytes;
        let enough = produced >= self.batch_size && batch_is_full || produced >= 2 * self.batch_size;
        self.current = Some(match enough {
            true => (self.draw(choices, random), 0),
            false => (partition, produced),
        });
    }

    fn draw(&self, choices: Choices<'_>, random: i32) -> i32 {
        let random = positive(random);
        if let Some(load) = &self.load {
            let total = load.last().map_or(1, |(sum, _)| *sum);
            let drawn = load.partition_point(|(sum, _)| *sum <= random % total);
            return load.get(drawn).map_or(0, |(_, partition)| *partition);
        }
        match choices.available {
            [] => as_partition(random % choices.all.max(1)),
            available => available[random % available.len()],
        }
    }

    /// Batches that wait for each partition that may be chosen, of `all` that the topic has: the fewer, the more often
    /// it is.
    pub(crate) fn set_load(&mut self, queues: &[(i32, usize)], all: usize) {
        let longest = queues.iter().map(|(_, length)| *length).max().unwrap_or(0);
        let all_equal = queues.iter().all(|(_, length)| *length == longest);
        if queues.is_empty() || all < 2 || (all_equal && queues.len() == all) {
            self.load = None;
            return;
        }
        let sums = queues.iter().scan(0, |sum, (partition, length)| {
            *sum += longest + 1 - length;
            Some((*sum, *partition))
        });
        self.load = Some(sums.collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = include_str!("../../tests/partitioner/partitions-4.3.1.tsv");

    fn bytes(hex: &str) -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("hex"));
        pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
    }

    fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
        text.parse().expect("a number")
    }

    #[test]
    fn choices_are_kafkas() {
        let mut sticky = StickyPartition::new(1);
        let mut available = Vec::new();
        let mut seen = 0;
        for line in TABLE.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let choices = Choices { available: &available, all: available.len() };
            match fields[..] {
                ["hash", key, hash] => assert_eq!(murmur2(&bytes(key)), number::<i32>(hash), "{key}"),
                ["key", key, partitions, partition] => {
                    assert_eq!(partition_for_key(&bytes(key), number(partitions)), number::<i32>(partition));
                }
                ["topic", batch_size, partitions] => {
                    sticky = StickyPartition::new(number(batch_size));
                    available = (0..number(partitions)).collect();
                }
                ["load", sizes, length] => {
                    let sizes = sizes.split(',').map(number::<usize>);
                    let queues: Vec<(i32, usize)> = (0..).zip(sizes).take(number(length)).collect();
                    sticky.set_load(&queues, available.len());
                }
                ["append", size, may_switch, random, partition, next] => {
                    let random = number(random);
                    assert_eq!(sticky.current(choices, random), number::<i32>(partition), "{line}");
                    sticky.on_appended(number(size), may_switch == "true", choices, random);
                    assert_eq!(sticky.current(choices, random), number::<i32>(next), "{line}");
                }
                _ => panic!("{line}"),
            }
            seen += 1;
        }
        assert!(seen > 1_000, "{seen} lines");
    }

    #[test]
    fn without_a_leader_any_partition_is_taken() {
        let mut sticky = StickyPartition::new(100);
        assert_eq!(sticky.current(Choices { available: &[], all: 3 }, 7), 1);
    }
}
