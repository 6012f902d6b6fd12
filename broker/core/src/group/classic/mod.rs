//! A classic group: members join, the leader assigns, all sync (`ClassicGroup`, `GroupMetadataManager`).

// A member and what it waits for.
mod member;
// Where a group stands.
mod state;
// Members, leader, protocols.
mod membership;
// A member with a name of its own comes back.
mod static_member;
// From the first join to the next generation.
mod rebalance;
// JoinGroup.
mod join;
// SyncGroup.
mod sync;
// Heartbeat, LeaveGroup, and members that went silent.
mod presence;
// Whether offsets may be committed.
mod commit_check;
// What DescribeGroups and ListGroups tell.
mod describe;
// The group as its record.
mod persist;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use commit_check::{Committer, OffsetAge};
pub(super) use join::Join;
use member::Member;
pub(super) use rebalance::Work;
pub use state::State;

use rebalance::InitialDelay;

/// A group whose members find their assignment through JoinGroup and SyncGroup.
#[derive(Clone, Debug)]
pub struct ClassicGroup {
    id: String,
    state: State,
    previous_state: State,
    generation: i32,
    protocol_type: Option<String>,
    protocol: Option<String>,
    leader: Option<String>,
    /// Milliseconds; -1 when not known.
    state_since_ms: i64,
    members: BTreeMap<String, Member>,
    /// Group instance id to member id.
    static_members: BTreeMap<String, String>,
    /// Ids that were given out and not used yet.
    pending_joins: BTreeSet<String>,
    /// Members of this generation that did not sync yet.
    pending_syncs: BTreeSet<String>,
    new_member_added: bool,
    initial_delay: Option<InitialDelay>,
    subscribed_topics: Option<BTreeSet<String>>,
}

impl ClassicGroup {
    /// An empty group.
    pub(super) fn new(id: String, now_ms: i64) -> Self {
        Self {
            id,
            state: State::Empty,
            previous_state: State::Empty,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            state_since_ms: now_ms,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_joins: BTreeSet::new(),
            pending_syncs: BTreeSet::new(),
            new_member_added: false,
            initial_delay: None,
            subscribed_topics: None,
        }
    }

    pub fn state(&self) -> State {
        self.state
    }

    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// The member that assigns.
    pub fn leader(&self) -> Option<&str> {
        self.leader.as_deref()
    }

    pub fn member_count(&self) -> usize {
        self.members.len()
    }

    /// Whether nobody is in the group or about to be.
    pub(super) fn is_unused(&self) -> bool {
        self.state == State::Empty && self.pending_joins.is_empty()
    }

    fn enter(&mut self, state: State, now_ms: i64) {
        debug_assert!(state.may_follow(self.state), "{:?} after {:?}", state, self.state);
        self.previous_state = self.state;
        self.state = state;
        self.state_since_ms = now_ms;
    }
}
