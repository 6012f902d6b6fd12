//! Positions that connectors stored, put together record by record.

use std::collections::BTreeMap;

/// How far a connector copied a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPosition {
    pub connector: String,
    /// The last offset that it says it copied.
    pub last_copied: i64,
}

/// Positions by partition and connector.
#[derive(Clone, Debug)]
pub struct StoredPositions<P> {
    /// The one that counts; empty: all.
    connector: String,
    by_partition: BTreeMap<P, BTreeMap<String, i64>>,
}

impl<P: Ord> StoredPositions<P> {
    /// Of one connector, or of all for an empty name.
    pub fn of(connector: &str) -> Self {
        Self { connector: connector.to_owned(), by_partition: BTreeMap::new() }
    }

    /// The next record of the topic: the newest of a partition and connector counts. Nothing, or a negative offset, is
    /// no position, as for MirrorMaker 2.
    pub fn push(&mut self, partition: P, connector: String, last_copied: Option<i64>) {
        if !self.connector.is_empty() && connector != self.connector {
            return;
        }
        let of_partition = self.by_partition.entry(partition).or_default();
        match last_copied.filter(|offset| *offset >= 0) {
            Some(offset) => of_partition.insert(connector, offset),
            None => of_partition.remove(&connector),
        };
    }

    /// Each partition's position. Of two connectors that copied it the one that is behind counts: nothing is left out.
    pub fn finish(self) -> BTreeMap<P, StoredPosition> {
        let furthest_behind = |stored: BTreeMap<String, i64>| {
            let (connector, last_copied) = stored.into_iter().min_by_key(|(_, offset)| *offset)?;
            Some(StoredPosition { connector, last_copied })
        };
        let partitions = self.by_partition.into_iter();
        partitions.filter_map(|(partition, stored)| Some((partition, furthest_behind(stored)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: [(u8, &str, Option<i64>); 8] = [
        (0, "new", Some(10)),
        (0, "old", Some(5)),
        (0, "new", Some(20)),
        (1, "old", Some(7)),
        (1, "new", Some(9)),
        (1, "old", None),
        (2, "old", Some(3)),
        (2, "old", Some(-1)),
    ];

    fn positions(connector: &str) -> Vec<(u8, String, i64)> {
        let mut positions = StoredPositions::of(connector);
        for (partition, connector, last_copied) in RECORDS {
            positions.push(partition, connector.to_owned(), last_copied);
        }
        let positions = positions.finish().into_iter();
        positions.map(|(partition, stored)| (partition, stored.connector, stored.last_copied)).collect()
    }

    #[test]
    fn the_newest_record_counts_and_the_connector_that_is_behind() {
        let expected = [(0, "old".to_owned(), 5), (1, "new".to_owned(), 9)];
        assert_eq!(positions(""), expected);
    }

    #[test]
    fn one_connector_may_be_chosen() {
        assert_eq!(positions("new"), [(0, "new".to_owned(), 20), (1, "new".to_owned(), 9)]);
        assert_eq!(positions("old"), [(0, "old".to_owned(), 5)]);
        assert_eq!(positions("another"), []);
    }
}
