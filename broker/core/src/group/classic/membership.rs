//! Members, their leader, and the protocol that they vote for.

use std::collections::{BTreeMap, BTreeSet};

use strait_wire::error_code::ErrorCode;
use strait_wire::message::join_group::{JoinGroupRequestProtocol, JoinGroupResponseMember};

use super::member::WaitingJoin;
use super::{ClassicGroup, Member, State};
use crate::codec::{Context, Decoder, Value};

/// The protocol type of consumers: their subscriptions can be read.
pub(super) const CONSUMER: &str = "consumer";

impl ClassicGroup {
    pub(super) fn add(&mut self, id: &str, member: Member) {
        if self.members.is_empty() {
            self.protocol_type = Some(member.protocol_type.clone());
        }
        if let Some(instance_id) = &member.instance_id {
            self.static_members.insert(instance_id.clone(), id.to_owned());
        }
        self.leader.get_or_insert_with(|| id.to_owned());
        self.pending_joins.remove(id);
        self.members.insert(id.to_owned(), member);
    }

    /// Takes a member out; the first of the others leads when it led.
    pub(super) fn remove(&mut self, id: &str) -> Option<Member> {
        let removed = self.members.remove(id);
        if let Some(instance_id) = removed.as_ref().and_then(|member| member.instance_id.as_ref()) {
            self.static_members.remove(instance_id);
        }
        if self.is_leader(id) {
            self.leader = self.members.keys().next().cloned();
        }
        self.pending_joins.remove(id);
        self.pending_syncs.remove(id);
        removed
    }

    pub(super) fn is_leader(&self, id: &str) -> bool {
        self.leader.as_deref() == Some(id)
    }

    /// Whether the named member, under the named instance, is the one that the group knows.
    pub(super) fn check_member(&self, id: &str, instance_id: Option<&str>) -> Result<(), ErrorCode> {
        if let Some(instance_id) = instance_id {
            match self.static_members.get(instance_id) {
                None => return Err(ErrorCode::UNKNOWN_MEMBER_ID),
                Some(known) if known != id => return Err(ErrorCode::FENCED_INSTANCE_ID),
                Some(_) => {}
            }
        }
        if self.members.contains_key(id) { Ok(()) } else { Err(ErrorCode::UNKNOWN_MEMBER_ID) }
    }

    pub(super) fn rebalance_timeout_ms(&self) -> i64 {
        self.members.values().map(|member| i64::from(member.rebalance_timeout_ms)).max().unwrap_or(0).max(0)
    }

    pub(super) fn waiting_joins(&self) -> usize {
        self.members.values().filter(|member| member.joining.is_some()).count()
    }

    pub(super) fn has_all_joined(&self) -> bool {
        self.pending_joins.is_empty() && self.members.values().all(|member| member.joining.is_some())
    }

    /// Whether one of the protocols is known to all members.
    pub(super) fn supports(&self, protocol_type: &str, protocols: &[JoinGroupRequestProtocol]) -> bool {
        if self.state == State::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        self.protocol_type.as_deref() == Some(protocol_type)
            && protocols.iter().any(|protocol| self.is_common(&protocol.name))
    }

    fn is_common(&self, protocol: &str) -> bool {
        self.members.values().all(|member| member.supports(protocol))
    }

    /// The common protocol that most members like best; of equals the first by name.
    pub(super) fn voted_protocol(&self) -> Option<String> {
        let candidates = self.members.values().next().map_or(&[][..], |member| &member.protocols);
        let candidates: BTreeSet<&str> = candidates
            .iter()
            .map(|protocol| protocol.name.as_str())
            .filter(|name| self.is_common(name))
            .collect();
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for member in self.members.values() {
            let best = member.protocols.iter().find(|protocol| candidates.contains(protocol.name.as_str()));
            if let Some(best) = best {
                *votes.entry(best.name.as_str()).or_default() += 1;
            }
        }
        let most = votes.into_iter().max_by(|left, right| left.1.cmp(&right.1).then(right.0.cmp(left.0)));
        most.map(|(name, _)| name.to_owned())
    }

    pub(super) fn update(&mut self, id: &str, join: &super::Join<'_>, waiting: Option<WaitingJoin>) {
        if let Some(member) = self.members.get_mut(id) {
            member.protocols = super::member::distinct(&join.request.protocols);
            member.rebalance_timeout_ms = join.rebalance_timeout_ms();
            member.session_timeout_ms = join.request.session_timeout_ms;
            member.joining = waiting;
        }
    }

    /// What the leader is told of the members.
    pub(super) fn response_members(&self) -> Vec<JoinGroupResponseMember> {
        let protocol = self.protocol.as_deref().unwrap_or_default();
        let members = self.members.iter().map(|(id, member)| JoinGroupResponseMember {
            member_id: id.clone(),
            group_instance_id: member.instance_id.clone(),
            metadata: member.metadata(protocol),
        });
        members.collect()
    }

    /// The topics that the members subscribed to; `None` when they can't be told.
    pub(super) fn read_subscriptions(&self) -> Option<BTreeSet<String>> {
        if self.protocol_type.as_deref() != Some(CONSUMER) {
            return None;
        }
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            topics.extend(subscription(member, self.protocol.as_deref()?)?);
        }
        Some(topics)
    }

    pub(in crate::group) fn is_consumer(&self) -> bool {
        self.protocol_type.as_deref() == Some(CONSUMER)
    }

    /// Whether a member reads the topic, as far as the group can tell.
    pub(in crate::group) fn is_subscribed(&self, topic: &str) -> bool {
        self.subscribed_topics.as_ref().map_or(self.is_consumer(), |topics| topics.contains(topic))
    }
}

/// The topics in a consumer's metadata: version, then an array of names (`ConsumerProtocolSubscription`).
fn subscription(member: &Member, protocol: &str) -> Option<Vec<String>> {
    let mut input = Decoder::new(member.metadata(protocol));
    let version = input.i16().ok().filter(|version| *version >= 0)?;
    Vec::<String>::read(Context { version, flexible: false }, &mut input).ok()
}
