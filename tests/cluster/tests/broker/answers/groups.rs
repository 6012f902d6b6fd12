//! Members of classic groups: who gets in, who is fenced, who is told to come again.

// Requests of members, and what their answers look like.
mod member;

use anyhow::Result;
use strait_wire::message::describe_groups::DescribeGroupsRequest;
use strait_wire::message::find_coordinator::FindCoordinatorRequest;

use strait_cluster_tests::wait::{self, Attempt};

use super::compare;
use super::golden::Answers;
use super::peer::Peer;
use super::requests::error;
use crate::wire::Wire;

pub(super) use member::Group;

/// Waits until groups can be asked.
pub(super) fn wait_for_coordinator(wire: &mut Wire) -> Result<()> {
    let limit = std::time::Duration::from_secs(30);
    wait::until("a coordinator", limit, || {
        let request = FindCoordinatorRequest { coordinator_keys: vec!["g".to_owned()], ..Default::default() };
        let found = wire.ask(&request, 4)?.coordinators;
        let code = found.first().map_or(-1, |found| found.error_code);
        let describe = DescribeGroupsRequest { groups: vec!["g".to_owned()], ..Default::default() };
        let described = wire.ask(&describe, 5)?.groups.first().map_or(-1, |group| group.error_code);
        Ok(match (code, described) {
            (0, 0) => Attempt::Done(()),
            (code, described) => Attempt::NotYet(format!("{} {}", error(code), error(described))),
        })
    })
}

fn who_gets_in(peer: &mut Peer) -> Result<Answers> {
    let mut group = Group::open(peer, "who")?;
    for version in [0, 3, 4, 9] {
        let name = std::mem::replace(&mut group.name, format!("version-{version}"));
        group.join_version(version, "nobody", "")?;
        group.name = name;
    }
    group.join("made up", "made-up-id")?;
    for (what, timeout) in [("5999", 5_999), ("1800001", 1_800_001), ("-1", -1)] {
        group.session_timeout_ms = timeout;
        group.join(&format!("session timeout {what}"), "")?;
    }
    group.session_timeout_ms = 10_000;
    let protocols = std::mem::take(&mut group.protocols);
    group.join("without protocols", "")?;
    group.protocols = protocols;
    let kind = std::mem::take(&mut group.protocol_type);
    group.join("without a protocol type", "")?;
    group.protocol_type = kind;
    let name = std::mem::take(&mut group.name);
    group.join("a group without a name", "")?;
    group.name = name;
    Ok(group.into_answers())
}

fn one_member(peer: &mut Peer) -> Result<Answers> {
    let mut group = Group::open(peer, "one")?;
    group.heartbeat("before the group is there", 0, "x")?;
    group.sync("before the group is there", 0, "x")?;
    group.leave("before the group is there", "x")?;
    let id = group.join("first", "")?;
    group.heartbeat("pending", -1, &id)?;
    group.sync("pending", -1, &id)?;
    group.join("with its id", &id)?;
    group.describe("before it has an assignment")?;
    for (what, generation, member) in [
        ("before it has an assignment", 1, id.as_str()),
        ("old generation", 0, &id),
        ("next generation", 2, &id),
        ("somebody else", 1, "x"),
        ("nobody", 1, ""),
    ] {
        group.heartbeat(what, generation, member)?;
    }
    group.sync("old generation", 0, &id)?;
    group.sync("somebody else", 1, "x")?;
    group.sync_as("another kind of protocol", 1, &id, ("connect", "range"))?;
    group.sync_as("another protocol", 1, &id, ("consumer", "sticky"))?;
    group.sync("with its assignment", 1, &id)?;
    group.heartbeat("stable", 1, &id)?;
    group.sync("again", 1, &id)?;
    group.describe("stable")?;
    group.protocol_type = "connect".to_owned();
    group.join("another kind of protocol", "")?;
    group.protocol_type = "consumer".to_owned();
    group.protocols = vec!["sticky".to_owned()];
    group.join("another protocol alone", "")?;
    group.protocols = vec!["range".to_owned()];
    group.join("the leader again", &id)?;
    group.heartbeat("after it joined again", 2, &id)?;
    group.delete("with a member")?;
    group.leave("somebody else", "x")?;
    group.leave("the only member", &id)?;
    group.describe("empty")?;
    group.heartbeat("after it left", 2, &id)?;
    group.join("with the id of one who left", &id)?;
    group.delete("empty")?;
    group.delete("gone")?;
    group.describe("gone")?;
    Ok(group.into_answers())
}

fn static_members(peer: &mut Peer) -> Result<Answers> {
    let mut group = Group::open(peer, "static")?;
    group.instance = Some("i1".to_owned());
    group.join("unknown id", "made-up")?;
    let first = group.join("instance 1", "")?;
    group.sync("instance 1", 1, &first)?;
    group.describe("stable")?;
    let second = group.join("instance 1 is back", "")?;
    group.heartbeat("the one before", 1, &first)?;
    group.join("the one before", &first)?;
    group.sync("the one before", 1, &first)?;
    group.leave("the one before", &first)?;
    group.heartbeat("the one after", 1, &second)?;
    group.sync("the one after", 1, &second)?;
    group.join_version(8, "instance 1 in version 8", "")?;
    group.protocols = vec!["sticky".to_owned(), "range".to_owned()];
    let third = group.join("instance 1 with another protocol", "")?;
    group.sync_as("instance 1 with another protocol", 2, &third, ("consumer", "sticky"))?;
    group.instance = Some("i2".to_owned());
    group.heartbeat("another instance", 2, &third)?;
    group.leave("by an instance that is not there", "")?;
    group.instance = Some("i1".to_owned());
    group.leave("by its instance alone", "")?;
    group.describe("empty")?;
    Ok(group.into_answers())
}

fn scenario(peer: &mut Peer) -> Result<Answers> {
    wait_for_coordinator(&mut peer.wire()?)?;
    Answers::in_turn(peer, &[who_gets_in, one_member, static_members])
}

#[test]
fn members_of_groups_are_answered_as_by_kafka() {
    compare("groups", &[], scenario);
}
