//! The state topic's records applied in the order of the log.

use std::collections::{BTreeMap, BTreeSet};

use super::{Key, StoredPosition, Value};
use crate::shares::Part;

/// What the state topic says, as far as it was read.
#[derive(Clone, Debug, Default)]
pub struct State {
    entries: BTreeMap<Key, Value>,
    /// Signs of life of each part's owner, counted.
    signs_of_life: BTreeMap<String, u64>,
    /// Producer ids of which the topic has another behind the one that counts.
    contested: BTreeSet<Key>,
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
        Self { entries: entries.into_iter().collect(), ..Self::default() }
    }

    /// Applies the next record. The first claim of a generation counts, positions of earlier generations do not, and of
    /// several producer ids that were published for one target the first counts.
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
            (Key::Position { .. }, Value::Position(position)) if self.has_newer(&key, position) => return,
            (Key::Producer { transactional: false, .. }, Value::Producer { .. })
                if self.is_taken(&key, &value) =>
            {
                self.contested.insert(key);
                return;
            }
            _ => {}
        }
        self.contested.remove(&key);
        self.entries.insert(key, value);
    }

    /// A later owner wrote where the partition stands.
    fn has_newer(&self, key: &Key, position: &StoredPosition) -> bool {
        matches!(self.get(key), Some(Value::Position(known)) if position.generation < known.generation)
    }

    /// Another producer id is published for the same target.
    fn is_taken(&self, key: &Key, value: &Value) -> bool {
        let known = self.get(key).filter(|known| *known != value);
        match (known, value) {
            (
                Some(Value::Producer { target_cluster_id: known, .. }),
                Value::Producer { target_cluster_id, .. },
            ) => known == target_cluster_id,
            _ => false,
        }
    }

    /// Producer ids of a flow that must be written again: compaction would leave another.
    pub fn contested(&self, flow: &str) -> Vec<(Key, Value)> {
        let of_flow = self.contested.iter().filter(|key| key.flow() == flow);
        of_flow.filter_map(|key| Some((key.clone(), self.get(key)?.clone()))).collect()
    }

    /// Who owns other parts of a flow that must not run beside `part`.
    pub fn rivals<'a>(&'a self, part: &'a Part) -> impl Iterator<Item = (Part, Owner)> + 'a {
        self.owners(&part.flow).filter(|(other, _)| part.excludes(other))
    }

    /// The generation that a claim on any part of a flow takes: above all that were.
    pub fn next_generation(&self, flow: &str) -> i64 {
        let owners = self.owners(flow).map(|(_, owner)| owner.generation);
        let positions = self.entries.iter().filter_map(|(key, value)| match (key, value) {
            (Key::Position { flow: of, .. }, Value::Position(position)) if of == flow => {
                Some(position.generation)
            }
            _ => None,
        });
        owners.chain(positions).max().map_or(1, |greatest| greatest.saturating_add(1))
    }

    fn owners<'a>(&'a self, flow: &'a str) -> impl Iterator<Item = (Part, Owner)> + 'a {
        // Keys are in order, and names of parts begin with their flow's.
        let behind = self.entries.range(Key::Owner { flow: flow.to_owned() }..);
        let named = behind.map_while(move |(key, value)| match (key, value) {
            (Key::Owner { flow: name }, Value::Owner { instance, generation }) if name.starts_with(flow) => {
                let owner = Owner { instance: instance.clone(), generation: *generation };
                Some((name.parse::<Part>(), owner))
            }
            _ => None,
        });
        named.filter_map(move |(part, owner)| Some((part.ok().filter(|part| part.flow == flow)?, owner)))
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
            | Value::Acl(_)
            | Value::Principal { .. }
            | Value::Worker { .. } => None,
        }
    }

    /// How many records of a part's owner were read: it lives while this number grows.
    pub fn signs_of_life(&self, part: &str) -> u64 {
        self.signs_of_life.get(part).copied().unwrap_or(0)
    }

    /// The same for all parts that have owners, also those of whom no sign was read since the state was restored.
    pub fn all_signs_of_life(&self) -> impl Iterator<Item = (&str, u64)> {
        let owners = self.entries.range(Key::Owner { flow: String::new() }..);
        owners.map_while(|(key, _)| match key {
            Key::Owner { flow: part } => Some((part.as_str(), self.signs_of_life(part))),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
