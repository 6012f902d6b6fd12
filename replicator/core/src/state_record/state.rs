//! The state topic's records applied in the order of the log.

use std::collections::BTreeMap;

use super::{Key, Value};

/// What the state topic says, as far as it was read.
#[derive(Clone, Debug, Default)]
pub struct State {
    entries: BTreeMap<Key, Value>,
    /// Signs of life of each flow's owner, counted.
    signs_of_life: BTreeMap<String, u64>,
}

/// The instance that may write for a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub instance: String,
    pub generation: i64,
}

impl State {
    /// What an earlier reader knew, without the signs of life that it counted.
    pub fn restored(entries: Vec<(Key, Value)>) -> Self {
        Self { entries: entries.into_iter().collect(), signs_of_life: BTreeMap::new() }
    }

    /// Applies the next record. The first claim of a generation counts, and positions of earlier generations do not.
    pub fn apply(&mut self, key: Key, value: Option<Value>) {
        let Some(value) = value else {
            self.entries.remove(&key);
            return;
        };
        match (&key, &value) {
            (Key::Owner { flow }, Value::Owner { instance, generation }) => {
                if self.owner(flow).is_some_and(|owner| {
                    *generation < owner.generation
                        || *generation == owner.generation && *instance != owner.instance
                }) {
                    return;
                }
                *self.signs_of_life.entry(flow.clone()).or_default() += 1;
            }
            (Key::Position { flow, .. }, Value::Position(position))
                if self.owner(flow).is_some_and(|owner| position.generation < owner.generation)
                    && self.entries.contains_key(&key) =>
            {
                return;
            }
            _ => {}
        }
        self.entries.insert(key, value);
    }

    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.entries.get(key)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.entries.iter()
    }

    pub fn owner(&self, flow: &str) -> Option<Owner> {
        match self.entries.get(&Key::Owner { flow: flow.to_owned() })? {
            Value::Owner { instance, generation } => {
                Some(Owner { instance: instance.clone(), generation: *generation })
            }
            Value::Producer { .. }
            | Value::Position(_)
            | Value::Loss { .. }
            | Value::MapChunk { .. }
            | Value::Acl(_) => None,
        }
    }

    /// How many records of a flow's owner were read: it lives while this number grows.
    pub fn signs_of_life(&self, flow: &str) -> u64 {
        self.signs_of_life.get(flow).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::StoredPosition;
    use super::*;

    fn claim(state: &mut State, instance: &str, generation: i64) {
        let value = Value::Owner { instance: instance.to_owned(), generation };
        state.apply(Key::Owner { flow: "a--b".to_owned() }, Some(value));
    }

    fn owner(state: &State) -> (String, i64) {
        let owner = state.owner("a--b").expect("an owner");
        (owner.instance, owner.generation)
    }

    fn place(state: &mut State, generation: i64, source_offset: i64) -> Key {
        let key = Key::Position {
            flow: "a--b".to_owned(),
            source_cluster_id: "c".to_owned(),
            topic: "t".to_owned(),
            partition: 0,
        };
        let position = StoredPosition { generation, source_offset, ..StoredPosition::default() };
        state.apply(key.clone(), Some(Value::Position(position)));
        key
    }

    #[test]
    fn the_first_claim_of_a_generation_counts() {
        let mut state = State::default();
        claim(&mut state, "one", 1);
        claim(&mut state, "two", 2);
        claim(&mut state, "three", 2);
        claim(&mut state, "one", 1);
        assert_eq!(owner(&state), ("two".to_owned(), 2));
        assert_eq!(state.signs_of_life("a--b"), 2);
    }

    #[test]
    fn a_position_of_an_earlier_owner_does_not_come_back() {
        let mut state = State::default();
        claim(&mut state, "one", 1);
        let key = place(&mut state, 1, 10);
        claim(&mut state, "two", 2);
        place(&mut state, 2, 30);
        place(&mut state, 1, 20);
        let Some(Value::Position(position)) = state.get(&key) else { panic!("a position") };
        assert_eq!(position.source_offset, 30);
    }
}
