//! Settings of groups in force. Readers never wait for a change that goes to disk.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::settings::Values;

/// What groups set for themselves, by their ids.
#[derive(Debug, Default)]
pub(crate) struct GroupConfigs {
    groups: RwLock<HashMap<String, Values>>,
}

impl GroupConfigs {
    /// Puts all that a group set in the place of what it had.
    pub(crate) fn put(&self, group: &str, configs: Values) {
        let mut groups = self.groups.write().unwrap_or_else(PoisonError::into_inner);
        match configs.is_empty() {
            true => groups.remove(group),
            false => groups.insert(group.to_owned(), configs),
        };
    }

    /// A number that the group set.
    pub(crate) fn int(&self, group: &str, key: &str) -> Option<i32> {
        let groups = self.groups.read().unwrap_or_else(PoisonError::into_inner);
        groups.get(group)?.get(key)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_group_unsets_is_gone() {
        let configs = GroupConfigs::default();
        let key = "consumer.session.timeout.ms";
        configs.put("g", Values::from([(key.to_owned(), "50000".to_owned())]));
        assert_eq!((configs.int("g", key), configs.int("h", key)), (Some(50_000), None));
        configs.put("g", Values::new());
        assert_eq!(configs.int("g", key), None);
    }
}
