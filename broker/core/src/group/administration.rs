//! DescribeGroups, ListGroups, DeleteGroups.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_groups::DescribedGroup;
use strait_wire::message::list_groups::ListedGroup;

use super::classic::State;
use super::effects::{Effects, Outcome};
use super::groups::Groups;
use crate::internal_record::GroupRecord;

/// From this version on a group that is not there is an error (KIP-1043).
const NOT_FOUND_SINCE: i16 = 6;

impl Groups {
    /// What DescribeGroups of the version tells of a group. Before version 6 one that is not there is `Dead`.
    pub fn describe(&self, group: &str, version: i16) -> DescribedGroup {
        if let Some(group) = self.classic.get(group) {
            return group.describe();
        }
        let is_error = version >= NOT_FOUND_SINCE;
        let message = match self.consumer.contains_key(group) {
            true => format!("Group {group} is not a classic group."),
            false => format!("Group {group} not found."),
        };
        DescribedGroup {
            error_code: if is_error { ErrorCode::GROUP_ID_NOT_FOUND.0 } else { 0 },
            error_message: is_error.then_some(message),
            group_id: group.to_owned(),
            group_state: "Dead".to_owned(),
            ..DescribedGroup::default()
        }
    }

    /// The groups in one of the states and of one of the types; an empty filter lets all through.
    pub fn list(&self, states: &[String], types: &[String]) -> Vec<ListedGroup> {
        let passes = |filter: &[String], name: &str| {
            filter.is_empty() || filter.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
        };
        let classic = self.classic.values().map(super::ClassicGroup::list);
        let consumer = self.consumer.values().map(super::ConsumerGroup::list);
        classic
            .chain(consumer)
            .filter(|group| passes(states, &group.group_state) && passes(types, &group.group_type))
            .collect()
    }

    /// Deletes a group without members, and all that it committed.
    pub fn delete(&mut self, group: &str) -> Outcome<ErrorCode> {
        if group.is_empty() {
            return Outcome::only(ErrorCode::INVALID_GROUP_ID);
        }
        let classic = self.classic.get(group).map(|group| group.state() == State::Empty);
        let consumer = self.consumer.get(group).map(super::ConsumerGroup::is_empty);
        match classic.or(consumer) {
            None => Outcome::only(ErrorCode::GROUP_ID_NOT_FOUND),
            Some(true) => {
                let mut effects = Effects::default();
                self.remove_offsets(self.offsets.keys_of_group(group), &mut effects);
                self.remove_group(group, &mut effects);
                Outcome { response: ErrorCode::NONE, effects }
            }
            Some(false) => Outcome::only(ErrorCode::NON_EMPTY_GROUP),
        }
    }

    pub(super) fn remove_group(&mut self, group: &str, effects: &mut Effects) {
        match self.consumer.remove(group) {
            Some(removed) => effects.records.extend(removed.tombstones()),
            None => {
                self.classic.remove(group);
                effects.records.push(GroupRecord::Group { group: group.to_owned(), value: None });
            }
        }
    }
}
