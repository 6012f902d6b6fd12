//! When owners of parts of flows gave their last signs of life, as one reader of the state topic saw it. Who waits for a
//! part need not wait from anew then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strait_replicator_core::state_record::{Owner, State};
use tokio::time::Instant;

/// Shared by a worker and its parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness(Arc<Mutex<BTreeMap<String, Seen>>>);

#[derive(Debug)]
struct Seen {
    owner: Owner,
    signs: u64,
    /// When the look began that saw the last sign.
    last_sign: Instant,
    /// When the last look began.
    looked_at: Instant,
}

impl Witness {
    /// Takes in what the state topic says; `looked_at` is when it was asked. All looks are with one view of it.
    pub(crate) fn look(&self, state: &State, looked_at: Instant) {
        let mut seen = self.seen();
        for (part, signs) in state.all_signs_of_life() {
            let Some(owner) = state.owner(part) else { continue };
            match seen.get_mut(part).filter(|known| known.owner == owner && known.signs == signs) {
                Some(known) => known.looked_at = looked_at,
                None => {
                    seen.insert(part.to_owned(), Seen { owner, signs, last_sign: looked_at, looked_at });
                }
            }
        }
    }

    /// How long this owner of a part has given no sign of life, as far as it was looked.
    pub(super) fn silence(&self, part: &str, owner: &Owner) -> Duration {
        let seen = self.seen();
        let known = seen.get(part).filter(|known| known.owner == *owner);
        known.map_or(Duration::ZERO, |known| known.looked_at.duration_since(known.last_sign))
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<String, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use strait_replicator_core::state_record::{Key, Value};

    use super::*;

    #[test]
    fn silence_is_counted_from_the_last_sign_to_the_last_look() {
        let (witness, begin) = (Witness::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        let owner = |instance: &str| Owner { instance: instance.to_owned(), generation: 1 };
        let mut state = State::default();
        let mut claim = |instance: &str, generation| {
            let value = Value::Owner { instance: instance.to_owned(), generation };
            state.apply(Key::Owner { flow: "a--b".to_owned() }, Some(value));
            state.clone()
        };
        let first = claim("one", 1);
        assert_eq!(witness.silence("a--b", &owner("one")), Duration::ZERO);
        witness.look(&first, at(0));
        witness.look(&first, at(5));
        assert_eq!(witness.silence("a--b", &owner("one")), Duration::from_secs(5));
        witness.look(&claim("one", 1), at(6));
        assert_eq!(witness.silence("a--b", &owner("one")), Duration::ZERO);
        let taken_over = claim("two", 2);
        witness.look(&taken_over, at(8));
        witness.look(&taken_over, at(9));
        assert_eq!(witness.silence("a--b", &owner("one")), Duration::ZERO);
        let two = Owner { generation: 2, ..owner("two") };
        assert_eq!(witness.silence("a--b", &two), Duration::from_secs(1));
    }
    #[test]
    fn an_owner_who_was_silent_since_a_copy_was_made_is_seen() {
        let owner = Owner { instance: "one".to_owned(), generation: 1 };
        let value = Value::Owner { instance: owner.instance.clone(), generation: owner.generation };
        let copied = State::restored(vec![(Key::Owner { flow: "a--b".to_owned() }, value)]);
        let (witness, begin) = (Witness::default(), Instant::now());
        witness.look(&copied, begin);
        witness.look(&copied, begin + Duration::from_secs(8));
        assert_eq!(witness.silence("a--b", &owner), Duration::from_secs(8));
    }
}
