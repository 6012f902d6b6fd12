//! Members with a name of their own (KIP-345, KIP-814).

use super::*;

/// A stable group with one static member, which leads.
fn stable(shard: &mut Shard) -> String {
    let join = shard.join(&named("i"));
    shard.pass(3_000);
    let id = shard.joined(join).expect("answered").member_id.clone();
    shard.sync(&id, 1, &[(&id, "mine")]);
    assert_eq!(shard.state(), Some(State::Stable));
    id
}

#[test]
fn a_static_member_comes_back_without_a_rebalance() {
    let mut shard = Shard::new();
    let old = stable(&mut shard);
    let join = shard.join(&named("i"));
    let answer = shard.joined(join).expect("answered at once").clone();
    assert_eq!((answer.generation_id, answer.skip_assignment), (1, true));
    assert_eq!((&answer.leader, answer.members.len()), (&answer.member_id, 1));
    assert_ne!(answer.member_id, old);
    assert_eq!(shard.state(), Some(State::Stable));
    let sync = shard.sync(&answer.member_id, 1, &[]);
    assert_eq!(shard.synced(sync).map(|answer| answer.assignment.clone()), Some(Bytes::from_static(b"mine")));
    let request = HeartbeatRequest {
        group_id: GROUP.to_owned(),
        generation_id: 1,
        member_id: old,
        group_instance_id: Some("i".to_owned()),
    };
    assert_eq!(shard.groups.heartbeat(&request, shard.now_ms), ErrorCode::FENCED_INSTANCE_ID);
    let reloaded = shard.reloaded();
    assert_eq!(reloaded.classic(GROUP).and_then(ClassicGroup::leader), Some(answer.member_id.as_str()));
}

#[test]
fn an_older_client_is_told_the_old_leader() {
    let mut shard = Shard::new();
    let old = stable(&mut shard);
    let join = shard.join(&Ask { version: 8, ..named("i") });
    let answer = shard.joined(join).expect("answered at once");
    assert_eq!((&answer.leader, answer.skip_assignment, answer.members.len()), (&old, false, 0));
}

#[test]
fn another_protocol_is_a_rebalance() {
    let mut shard = Shard::new();
    stable(&mut shard);
    let join = shard.join(&Ask { protocols: vec![("sticky", subscription(&["t"]))], ..named("i") });
    assert_eq!(shard.joined(join).map(|answer| answer.generation_id), Some(2));
}

#[test]
fn a_static_member_stays_until_its_session_ends() {
    let mut shard = Shard::new();
    let id = stable(&mut shard);
    shard.pass(9_000);
    assert_eq!(shard.groups.classic(GROUP).map(ClassicGroup::member_count), Some(1));
    shard.pass(1_000);
    assert_eq!(shard.state(), Some(State::Empty));
    assert_eq!(shard.heartbeat(&id, 1), ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn two_with_one_name_fence_each_other_while_joining() {
    let mut shard = Shard::new();
    let first = shard.join(&named("i"));
    let second = shard.join(&named("i"));
    assert_eq!(shard.join_code(first), Some(ErrorCode::FENCED_INSTANCE_ID));
    shard.pass(60_000);
    assert_eq!(shard.join_code(second), Some(ErrorCode::NONE));
}

#[test]
fn an_administrator_removes_by_name() {
    let mut shard = Shard::new();
    stable(&mut shard);
    let left = shard.leave(&[("", Some("unknown")), ("", Some("i"))]);
    let codes: Vec<i16> = left.members.iter().map(|member| member.error_code).collect();
    assert_eq!(codes, [ErrorCode::UNKNOWN_MEMBER_ID.0, 0]);
    assert_eq!(shard.state(), Some(State::Empty));
}
