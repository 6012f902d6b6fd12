//! Where reads of files ended: who reads on begins there, without looking into an index.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Readers of one log that are remembered; others pay for the index.
const PLACES: usize = 8;

/// A batch begins at this position of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: i64,
    pub(super) segment_base: i64,
    pub(super) position: u64,
}

/// Places that are likely read next, the oldest first. Whoever changes files below the end forgets them.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<VecDeque<Place>>);

impl Places {
    fn places(&self) -> MutexGuard<'_, VecDeque<Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, offset: i64) -> Option<Place> {
        self.places().iter().find(|place| place.offset == offset).copied()
    }

    /// A read that began at `from` ended at `place`.
    pub(super) fn moved(&self, from: i64, place: Place) {
        let mut places = self.places();
        places.retain(|known| known.offset != from && known.offset != place.offset);
        if places.len() >= PLACES {
            places.pop_front();
        }
        places.push_back(place);
    }

    pub(super) fn clear(&self) {
        self.places().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_has_one_place_and_the_oldest_is_forgotten() {
        let places = Places::default();
        let place = |offset| Place { offset, segment_base: 0, position: 10 };
        places.moved(0, place(1));
        places.moved(1, place(2));
        assert_eq!((places.find(1), places.find(2)), (None, Some(place(2))));
        (0..PLACES as i64).for_each(|reader| places.moved(-1, place(100 + reader)));
        assert_eq!((places.find(2), places.find(100)), (None, Some(place(100))));
        places.clear();
        assert_eq!(places.find(100), None);
    }
}
