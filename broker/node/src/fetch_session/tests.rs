//! Sessions as a client uses them.

use super::*;

fn asked(index: i32, fetch_offset: i64) -> SessionPartition {
    SessionPartition {
        topic: TopicKey::Name("orders".to_owned()),
        index,
        current_leader_epoch: -1,
        fetch_offset,
        last_fetched_epoch: -1,
        max_bytes: 1,
    }
}

fn change(asked: Vec<SessionPartition>) -> Change {
    Change { asked, forgotten: Vec::new() }
}

const TOLD: Told = Told { log_start: 0, last_stable: 5, high_watermark: 5 };

fn indexes(partitions: &[SessionPartition]) -> Vec<i32> {
    partitions.iter().map(|partition| partition.index).collect()
}

#[test]
fn only_what_changed_is_named() {
    let sessions = FetchSessions::new(10);
    let (session, wanted, is_incremental) =
        sessions.begin(0, 0, false, change(vec![asked(0, 0), asked(1, 0)])).expect("a full fetch");
    assert_eq!((indexes(&wanted), is_incremental), (vec![0, 1], false));
    let mut session = session.expect("room for a session");
    wanted
        .iter()
        .for_each(|partition| assert!(session.answered(partition, TOLD, partition.index == 0, false)));
    let id = sessions.keep(session);
    let (session, wanted, is_incremental) =
        sessions.begin(id, 1, false, change(vec![asked(0, 5)])).expect("the next");
    // What gave records is read last.
    assert_eq!((indexes(&wanted), is_incremental), (vec![1, 0], true));
    assert_eq!(wanted[1].fetch_offset, 5);
    let mut session = session.expect("a session");
    assert!(!session.answered(&wanted[0], TOLD, false, false));
    assert!(session.answered(&wanted[0], Told { high_watermark: 6, ..TOLD }, false, false));
    assert!(session.answered(&wanted[1], TOLD, false, true));
    assert!(session.answered(&wanted[1], TOLD, false, false));
}

#[test]
fn what_does_not_fit_is_told() {
    let sessions = FetchSessions::new(1);
    let begin = |id, epoch, is_by_id| sessions.begin(id, epoch, is_by_id, Change::default());
    assert_eq!(begin(7, 1, false).err(), Some(ErrorCode::FETCH_SESSION_ID_NOT_FOUND));
    let (session, ..) = begin(0, 0, false).expect("created");
    let id = sessions.keep(session.expect("a session"));
    assert_eq!(begin(id, 2, false).err(), Some(ErrorCode::INVALID_FETCH_SESSION_EPOCH));
    assert_eq!(begin(id, 1, true).err(), Some(ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR));
    // No room and nobody idle: the client goes on without a session.
    assert!(begin(0, 0, false).expect("answered").0.is_none());
    assert!(begin(id, -1, false).expect("closed").0.is_none());
    assert_eq!(begin(id, 1, false).err(), Some(ErrorCode::FETCH_SESSION_ID_NOT_FOUND));
}

#[test]
fn forgotten_partitions_are_gone() {
    let sessions = FetchSessions::new(1);
    let (session, ..) = sessions.begin(0, 0, false, change(vec![asked(0, 0), asked(1, 0)])).expect("created");
    let id = sessions.keep(session.expect("a session"));
    let forgotten = vec![(TopicKey::Name("orders".to_owned()), 0)];
    let (_, wanted, _) =
        sessions.begin(id, 1, false, Change { asked: Vec::new(), forgotten }).expect("the next");
    assert_eq!(indexes(&wanted), [1]);
}
