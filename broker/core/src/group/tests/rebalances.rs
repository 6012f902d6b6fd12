//! Joins, syncs, leaves, timeouts.

use super::*;

#[test]
fn a_new_member_is_told_its_id_and_comes_back_with_it() {
    let mut shard = Shard::new();
    let id = shard.new_id();
    assert_eq!(id, "c-00000000-0000-0000-0000-000000000001");
    assert_eq!(shard.log.len(), 1, "the new group is written");
    let join = shard.join(&ask(&id));
    assert_eq!(shard.joined(join), None, "the initial delay");
    shard.pass(3_000);
    let answer = shard.joined(join).expect("answered");
    assert_eq!((answer.generation_id, answer.leader.as_str()), (1, id.as_str()));
    assert_eq!(answer.protocol_name.as_deref(), Some("range"));
    assert_eq!(answer.members.len(), 1);
    assert_eq!(shard.state(), Some(State::CompletingRebalance));
    let sync = shard.sync(&id, 1, &[(&id, "mine")]);
    assert_eq!(shard.synced(sync).expect("answered").assignment, "mine");
    assert_eq!(shard.state(), Some(State::Stable));
    assert_eq!(shard.heartbeat(&id, 1), ErrorCode::NONE);
    assert_eq!(shard.heartbeat(&id, 2), ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(shard.heartbeat("other", 1), ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn a_new_group_waits_longer_while_members_come() {
    let mut shard = Shard::new();
    let (first, second) = (shard.new_id(), shard.new_id());
    let first = shard.join(&ask(&first));
    shard.pass(2_000);
    let second = shard.join(&ask(&second));
    shard.pass(1_000);
    assert_eq!(shard.joined(first), None, "the second came within the delay");
    shard.pass(3_000);
    assert!(shard.joined(first).is_some() && shard.joined(second).is_some());
    assert_eq!(
        shard.joined(second).map(|answer| answer.members.len()),
        Some(0),
        "only the leader sees members"
    );
}

#[test]
fn requests_that_are_refused() {
    let mut shard = Shard::new();
    let mut refused = |ask: &Ask| {
        let token = shard.join(ask);
        shard.join_code(token).expect("answered at once")
    };
    assert_eq!(refused(&ask("nobody")), ErrorCode::UNKNOWN_MEMBER_ID);
    let none = Ask { protocols: Vec::new(), ..ask("") };
    assert_eq!(refused(&none), ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    assert!(shard.groups.classic(GROUP).is_none(), "a refused group leaves no trace");
    assert!(shard.log.is_empty());
    shard.stable(1);
    let other = Ask { protocols: vec![("other", Bytes::new())], ..ask("") };
    let token = shard.join(&other);
    assert_eq!(shard.join_code(token), Some(ErrorCode::INCONSISTENT_GROUP_PROTOCOL));
    let request =
        JoinGroupRequest { group_id: GROUP.to_owned(), session_timeout_ms: 5_999, ..Default::default() };
    let caller = Caller { version: 6, client_id: "c", client_host: "h" };
    let effects = shard.groups.join(&request, caller, Token(99), 0, 0);
    let Answer::Join(answer) = &effects.answers[0].answer else { panic!("no JoinGroup") };
    assert_eq!(answer.error_code, ErrorCode::INVALID_SESSION_TIMEOUT.0);
    assert_eq!(answer.protocol_name.as_deref(), Some(""), "before version 7 it can't be null");
}

#[test]
fn old_clients_join_without_a_second_request() {
    let mut shard = Shard::new();
    let join = shard.join(&Ask { version: 3, ..ask("") });
    shard.pass(3_000);
    assert_eq!(shard.join_code(join), Some(ErrorCode::NONE));
}

#[test]
fn a_second_member_calls_the_first_back() {
    let mut shard = Shard::new();
    let leader = shard.stable(1).remove(0);
    let id = shard.new_id();
    let second = shard.join(&ask(&id));
    assert_eq!(shard.state(), Some(State::PreparingRebalance));
    assert_eq!(shard.heartbeat(&leader, 1), ErrorCode::REBALANCE_IN_PROGRESS);
    let first = shard.join(&ask(&leader));
    assert_eq!(shard.joined(first).map(|answer| answer.generation_id), Some(2));
    assert_eq!(shard.joined(second).map(|answer| answer.leader.clone()), Some(leader.clone()));
    let waiting = shard.sync(&id, 2, &[]);
    assert_eq!(shard.synced(waiting), None, "waits for the leader");
    shard.sync(&leader, 2, &[(&id, "x")]);
    assert_eq!(shard.synced(waiting).map(|answer| answer.assignment.clone()), Some(Bytes::from_static(b"x")));
}

#[test]
fn a_stable_follower_repeats_itself_and_a_leader_begins_anew() {
    let mut shard = Shard::new();
    let ids = shard.stable(2);
    let repeat = shard.join(&ask(&ids[1]));
    assert_eq!(shard.joined(repeat).map(|answer| answer.generation_id), Some(1));
    let changed = Ask { protocols: vec![("range", subscription(&["u"]))], ..ask(&ids[1]) };
    let changed = shard.join(&changed);
    assert_eq!((shard.joined(changed), shard.state()), (None, Some(State::PreparingRebalance)));
    shard.join(&ask(&ids[0]));
    assert_eq!(shard.generation(), 2);
    for id in &ids {
        shard.sync(id, 2, &[]);
    }
    shard.join(&ask(&ids[0]));
    assert_eq!(shard.state(), Some(State::PreparingRebalance));
}

#[test]
fn who_does_not_come_back_is_dropped_and_another_leads() {
    let mut shard = Shard::new();
    let ids = shard.stable(2);
    let join = shard.join(&Ask { protocols: vec![("range", subscription(&["u"]))], ..ask(&ids[1]) });
    for _ in 0..8 {
        shard.pass(7_500);
        shard.heartbeat(&ids[0], 1);
    }
    let answer = shard.joined(join).expect("the rebalance timeout is over");
    assert_eq!((answer.generation_id, &answer.leader, answer.members.len()), (2, &ids[1], 1));
    assert_eq!(shard.heartbeat(&ids[0], 1), ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn a_silent_member_is_dropped_and_the_others_are_called() {
    let mut shard = Shard::new();
    let ids = shard.stable(2);
    shard.pass(9_999);
    assert_eq!(shard.heartbeat(&ids[0], 1), ErrorCode::NONE);
    shard.pass(1);
    assert_eq!(shard.heartbeat(&ids[0], 1), ErrorCode::REBALANCE_IN_PROGRESS);
    assert_eq!(shard.heartbeat(&ids[1], 1), ErrorCode::UNKNOWN_MEMBER_ID);
    let join = shard.join(&ask(&ids[0]));
    assert_eq!(shard.joined(join).map(|answer| answer.members.len()), Some(1));
}

#[test]
fn the_last_to_leave_empties_the_group() {
    let mut shard = Shard::new();
    let ids = shard.stable(2);
    let left = shard.leave(&[(&ids[0], None), ("nobody", None), (&ids[1], None)]);
    let codes: Vec<i16> = left.members.iter().map(|member| member.error_code).collect();
    assert_eq!(codes, [0, ErrorCode::UNKNOWN_MEMBER_ID.0, 0]);
    assert_eq!((shard.state(), shard.generation()), (Some(State::Empty), 2));
    assert_eq!(shard.groups.next_deadline(), None);
    let described = shard.groups.describe(GROUP, 5);
    assert_eq!((described.group_state.as_str(), described.protocol_type.as_str()), ("Empty", "consumer"));
}

#[test]
fn who_does_not_sync_is_dropped() {
    let mut shard = Shard::new();
    let ids = shard.stable(2);
    shard.join(&Ask { protocols: vec![("range", subscription(&["u"]))], ..ask(&ids[0]) });
    shard.join(&ask(&ids[1]));
    let sync = shard.sync(&ids[1], 2, &[]);
    for _ in 0..8 {
        shard.pass(7_500);
        shard.heartbeat(&ids[0], 2);
        shard.heartbeat(&ids[1], 2);
    }
    assert_eq!(shard.synced(sync).map(|answer| answer.error_code), Some(ErrorCode::REBALANCE_IN_PROGRESS.0));
    assert_eq!(shard.heartbeat(&ids[0], 2), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(shard.heartbeat(&ids[1], 2), ErrorCode::REBALANCE_IN_PROGRESS);
}

#[test]
fn a_full_group_refuses() {
    let mut shard = Shard::with(GroupSettings { max_size: 1, max_pending_members: 2, ..Default::default() });
    shard.stable(1);
    let token = shard.join(&ask(""));
    assert_eq!(shard.join_code(token), Some(ErrorCode::GROUP_MAX_SIZE_REACHED));
    let mut shard = Shard::with(GroupSettings { max_pending_members: 2, ..Default::default() });
    shard.new_id();
    shard.new_id();
    let token = shard.join(&ask(""));
    assert_eq!(shard.join_code(token), Some(ErrorCode::GROUP_MAX_SIZE_REACHED));
    shard.pass(SESSION.into());
    shard.new_id();
}

#[test]
fn the_protocol_with_most_votes_is_taken() {
    let mut shard = Shard::new();
    let likes = |names: [&'static str; 2]| names.map(|name| (name, subscription(&["t"]))).to_vec();
    let ids = [shard.new_id(), shard.new_id(), shard.new_id()];
    let wishes = ids.iter().zip([["a", "b"], ["b", "a"], ["b", "a"]]);
    let tokens: Vec<Token> =
        wishes.map(|(id, names)| shard.join(&Ask { protocols: likes(names), ..ask(id) })).collect();
    shard.pass(7_000);
    let answer = shard.joined(tokens[0]).expect("answered");
    assert_eq!(answer.protocol_name.as_deref(), Some("b"));
}

#[test]
fn unloading_sends_the_waiting_elsewhere() {
    let mut shard = Shard::new();
    let id = shard.new_id();
    let join = shard.join(&ask(&id));
    let groups = std::mem::replace(&mut shard.groups, Groups::new(GroupSettings::default()));
    let effects = groups.unload();
    shard.perform(effects, None);
    assert_eq!(shard.join_code(join), Some(ErrorCode::NOT_COORDINATOR));
}

#[test]
fn a_loaded_group_is_stable_and_its_members_have_a_session_to_be_heard() {
    let mut shard = Shard::new();
    let ids = shard.stable(2);
    shard.groups = shard.reloaded();
    let effects = shard.groups.loaded(&shard.cluster, shard.now_ms);
    shard.perform(effects, None);
    assert_eq!(shard.state(), Some(State::Stable));
    assert_eq!(shard.heartbeat(&ids[1], 1), ErrorCode::NONE);
    shard.pass(SESSION.into());
    assert_eq!(shard.state(), Some(State::Empty));
}

#[test]
fn groups_are_listed_described_and_deleted() {
    let mut shard = Shard::new();
    let ids = shard.stable(1);
    let names = |states: &[&str], types: &[&str]| {
        let own = |filter: &[&str]| filter.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        shard.groups.list(&own(states), &own(types)).len()
    };
    assert_eq!((names(&[], &[]), names(&["stable"], &["Classic"])), (1, 1));
    assert_eq!((names(&["Empty"], &[]), names(&[], &["consumer"])), (0, 0));
    let described = shard.groups.describe(GROUP, 6);
    assert_eq!((described.protocol_data.as_str(), described.members.len()), ("range", 1));
    assert_eq!(described.members[0].member_assignment, "a");
    assert_eq!(shard.groups.delete(GROUP).response, ErrorCode::NON_EMPTY_GROUP);
    shard.leave(&[(&ids[0], None)]);
    let outcome = shard.groups.delete(GROUP);
    assert_eq!(outcome.response, ErrorCode::NONE);
    shard.perform(outcome.effects, None);
    assert_eq!(shard.groups.delete(GROUP).response, ErrorCode::GROUP_ID_NOT_FOUND);
    assert!(shard.reloaded().classic(GROUP).is_none());
    assert_eq!(shard.groups.describe(GROUP, 5).group_state, "Dead");
    assert_eq!(shard.groups.describe(GROUP, 6).error_code, ErrorCode::GROUP_ID_NOT_FOUND.0);
}
