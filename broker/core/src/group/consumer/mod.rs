//! A consumer group (KIP-848): the coordinator assigns, and members follow by heartbeats (`ConsumerGroup`,
//! `GroupMetadataManager`).
//!
//! All that lasts changes by [`ConsumerGroup::replay`] alone: a handler writes a change and replays it, so a group that
//! is read from the log is the one that wrote it.

// Sets of partitions.
mod partitions;
// A member and what it has.
mod member;
// Why a request is refused.
mod refusal;
// A request, and whether it makes sense.
mod request;
// Who shall read what.
mod assignor;
// A heartbeat, from a member's words to what it gets.
mod heartbeat;
// Which topics members read.
mod subscription;
// Expressions that name topics.
mod regex;
// A new target for all members.
mod target;
// The next step of a member towards its target.
mod reconcile;
// Members that go or are thrown out.
mod leave;
// Whether offsets may be committed, fetched, deleted.
mod offsets;
// What ConsumerGroupDescribe and ListGroups tell.
mod describe;
// Changes applied and written.
mod replay;

use std::collections::BTreeMap;

use strait_wire::ids::Uuid;

pub(super) use leave::{Leaving, left};
pub(super) use offsets::PartitionCheck;
pub(super) use refusal::Refusal;
pub use request::ConsumerHeartbeat;

use member::{Current, LEAVE_EPOCH, Member, MemberState};
use partitions::{Owned, Partitions};

use super::cluster::Cluster;
use super::effects::Effects;
use super::groups::TimerKey;
use super::settings::GroupSettings;
use crate::internal_record::consumer_group::ConsumerGroupRegularExpressionValue as RegexValue;
use crate::timers::Timers;

/// What a group works with while it handles an event.
pub(super) struct Work<'a> {
    pub(super) settings: &'a GroupSettings,
    pub(super) cluster: &'a dyn Cluster,
    pub(super) timers: &'a mut Timers<TimerKey>,
    pub(super) effects: &'a mut Effects,
    pub(super) now_ms: i64,
}

impl Work<'_> {
    fn schedule(&mut self, key: TimerKey, delay_ms: i32) {
        self.timers.schedule(key, self.now_ms.saturating_add(delay_ms.into()));
    }
}

/// Where a consumer group stands (`ConsumerGroupState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConsumerState {
    /// No members; offsets may be left.
    Empty,
    /// Members or topics changed since the last assignment.
    Assigning,
    /// Some members do not have what they shall have.
    Reconciling,
    /// All have.
    Stable,
}

impl ConsumerState {
    /// Kafka's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Assigning => "Assigning",
            Self::Reconciling => "Reconciling",
            Self::Stable => "Stable",
        }
    }
}

/// A group whose members get their assignment from the coordinator.
#[derive(Clone, Debug)]
pub struct ConsumerGroup {
    id: String,
    /// Grows with each change of members, subscriptions or topics.
    epoch: i32,
    /// Of the topics that are read, as they were at that epoch.
    metadata_hash: i64,
    /// The epoch that the targets were made for.
    assignment_epoch: i32,
    /// When they were made, in milliseconds.
    assigned_ms: i64,
    members: BTreeMap<String, Member>,
    /// Instance id to member id.
    static_members: BTreeMap<String, String>,
    /// Member id to what the member shall have.
    targets: BTreeMap<String, Partitions>,
    /// Partitions that somebody has, with that member's epoch.
    owners: BTreeMap<(Uuid, i32), i32>,
    /// Expression to topics.
    regexes: BTreeMap<String, RegexValue>,
    /// Whether the log has a record that Kafka wrote until 4.0.
    has_topics_record: bool,
    /// The topics at the last look, for this process only.
    topics_version: Option<u64>,
    regexes_version: Option<u64>,
}

/// The epoch of a group that nobody was in yet.
const FIRST_EPOCH: i32 = 1;

impl ConsumerGroup {
    /// A group that nobody is in yet.
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            epoch: FIRST_EPOCH,
            metadata_hash: 0,
            assignment_epoch: 0,
            assigned_ms: 0,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            targets: BTreeMap::new(),
            owners: BTreeMap::new(),
            regexes: BTreeMap::new(),
            has_topics_record: false,
            topics_version: None,
            regexes_version: None,
        }
    }

    pub fn state(&self) -> ConsumerState {
        if self.members.is_empty() {
            ConsumerState::Empty
        } else if self.epoch > self.assignment_epoch {
            ConsumerState::Assigning
        } else if self.members.values().all(|member| member.current.has_reached(self.assignment_epoch)) {
            ConsumerState::Stable
        } else {
            ConsumerState::Reconciling
        }
    }

    /// Grows with each change of members, subscriptions or topics.
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn session_key(&self, member: &str) -> TimerKey {
        TimerKey::Session(self.id.clone(), member.to_owned())
    }

    fn rebalance_key(&self, member: &str) -> TimerKey {
        TimerKey::Rebalance(self.id.clone(), member.to_owned())
    }

    /// A member gave a sign of life.
    fn heard(&self, member: &str, work: &mut Work<'_>) {
        let classic =
            self.members.get(member).and_then(|known| known.metadata.classic_member_metadata.as_ref());
        let timeout_ms = match classic {
            Some(classic) => classic.session_timeout_ms,
            None => work.cluster.consumer_times(&self.id).session_timeout_ms,
        };
        work.schedule(self.session_key(member), timeout_ms);
    }

    /// After loading every member has a session's time to be heard.
    pub(super) fn loaded(&self, work: &mut Work<'_>) {
        for (id, member) in &self.members {
            self.heard(id, work);
            if member.current.state == MemberState::UnrevokedPartitions {
                work.schedule(self.rebalance_key(id), member.metadata.rebalance_timeout_ms);
            }
        }
    }
}

/// Equal when a log describes both.
impl PartialEq for ConsumerGroup {
    fn eq(&self, other: &Self) -> bool {
        (&self.id, self.epoch, self.metadata_hash) == (&other.id, other.epoch, other.metadata_hash)
            && (self.assignment_epoch, self.assigned_ms) == (other.assignment_epoch, other.assigned_ms)
            && (&self.members, &self.static_members) == (&other.members, &other.static_members)
            && (&self.targets, &self.owners) == (&other.targets, &other.owners)
            && (&self.regexes, self.has_topics_record) == (&other.regexes, other.has_topics_record)
    }
}
