//! Translation by offset syncs alone, for offsets that lie before what was copied here.

/// Offset syncs of a partition in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub struct RoughMap {
    /// Upstream and downstream offset, both ascending.
    syncs: Vec<(i64, i64)>,
}

/// Syncs of one partition; the oldest of two neighbours go first.
const MOST_SYNCS: usize = 100_000;

impl RoughMap {
    /// The next sync. One that goes back begins anew, as for MirrorMaker 2.
    pub fn push(&mut self, upstream: i64, downstream: i64) {
        match self.syncs.last() {
            Some((last, _)) if upstream < *last => self.syncs.clear(),
            Some((last, _)) if upstream == *last => {
                self.syncs.pop();
            }
            Some(_) | None => {}
        }
        if self.syncs.len() == MOST_SYNCS {
            let mut index = 0;
            self.syncs.retain(|_| {
                index += 1;
                index % 2 == 0
            });
        }
        self.syncs.push((upstream, downstream));
    }

    /// Where an offset lies: never behind the record that it means. `None` before the first sync.
    pub fn translate(&self, upstream: i64) -> Option<i64> {
        let before = self.syncs.partition_point(|(sync, _)| *sync <= upstream);
        let (sync, downstream) = self.syncs.get(before.checked_sub(1)?)?;
        Some(if *sync == upstream { *downstream } else { downstream + 1 })
    }

    /// The newest sync.
    pub fn newest(&self) -> Option<(i64, i64)> {
        self.syncs.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of MirrorMaker 2's `OffsetSyncStoreTest`.
    #[test]
    fn offsets_translate_as_by_mirror_maker() {
        let mut map = RoughMap::default();
        assert_eq!(map.translate(5), None);
        map.push(100, 200);
        assert_eq!((map.translate(150), map.translate(100)), (Some(201), Some(200)));
        map.push(150, 251);
        assert_eq!((map.translate(150), map.translate(5)), (Some(251), None));
        map.push(200, 10);
        assert_eq!(map.translate(200), Some(10));
        map.push(1_500, 11_000);
        map.push(1_499, 10_999);
        assert_eq!((map.translate(1_498), map.translate(1_499)), (None, Some(10_999)));
        assert_eq!((map.translate(2_000), map.newest()), (Some(11_000), Some((1_499, 10_999))));
    }

    #[test]
    fn many_syncs_are_thinned() {
        let mut map = RoughMap::default();
        for offset in 0..250_000 {
            map.push(offset, offset);
        }
        assert!(map.syncs.len() <= MOST_SYNCS);
        for offset in [250_000, 1_000, 200_001] {
            assert!(map.translate(offset).expect("known") <= offset);
        }
    }
}
