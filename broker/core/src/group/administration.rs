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
        DescribedGroup {
            error_code: if is_error { ErrorCode::GROUP_ID_NOT_FOUND.0 } else { 0 },
            error_message: is_error.then(|| format!("Group {group} not found.")),
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
        let listed = self.classic.values().map(super::ClassicGroup::list);
        listed
            .filter(|group| passes(states, &group.group_state) && passes(types, &group.group_type))
            .collect()
    }

    /// Deletes a group without members, and all that it committed.
    pub fn delete(&mut self, group: &str) -> Outcome<ErrorCode> {
        if group.is_empty() {
            return Outcome::only(ErrorCode::INVALID_GROUP_ID);
        }
        match self.classic.get(group).map(super::ClassicGroup::state) {
            None => Outcome::only(ErrorCode::GROUP_ID_NOT_FOUND),
            Some(State::Empty) => {
                let mut effects = Effects::default();
                self.remove_offsets(self.offsets.keys_of_group(group), &mut effects);
                self.remove_group(group, &mut effects);
                Outcome { response: ErrorCode::NONE, effects }
            }
            Some(_) => Outcome::only(ErrorCode::NON_EMPTY_GROUP),
        }
    }

    pub(super) fn remove_group(&mut self, group: &str, effects: &mut Effects) {
        self.classic.remove(group);
        effects.records.push(GroupRecord::Group { group: group.to_owned(), value: None });
    }
}
