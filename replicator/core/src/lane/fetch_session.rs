//! Incremental fetch sessions (KIP-227): only what changed travels in a request.

use std::collections::{BTreeMap, BTreeSet};

/// What to ask of a partition; its index is chosen by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub fetch_offset: i64,
    pub current_leader_epoch: i32,
    /// Leader epoch of the batch before the offset, -1 when it is not known: the broker tells where logs diverge.
    pub last_fetched_epoch: i32,
}

/// One request of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionRequest {
    pub session_id: i32,
    pub session_epoch: i32,
    /// Partitions that are new to the session or changed.
    pub add: Vec<(usize, Wanted)>,
    /// Partitions that the broker shall no longer watch.
    pub forget: Vec<usize>,
}

/// The session with one broker.
#[derive(Debug, Default)]
pub struct FetchSession {
    id: i32,
    epoch: i32,
    wanted: BTreeMap<usize, Wanted>,
    /// What the broker knows, while the session lasts.
    sent: BTreeMap<usize, Wanted>,
    /// Where `wanted` may differ from `sent`.
    changed: BTreeSet<usize>,
}

impl FetchSession {
    /// What the next request shall ask of a partition; `None` leaves it out.
    pub fn want(&mut self, index: usize, wanted: Option<Wanted>) {
        match wanted {
            Some(wanted) => self.wanted.insert(index, wanted),
            None => self.wanted.remove(&index),
        };
        self.changed.insert(index);
    }

    /// What the next request asks of a partition.
    pub fn wanted(&self, index: usize) -> Option<Wanted> {
        self.wanted.get(&index).copied()
    }

    /// What the broker was asked last of a partition.
    pub fn sent(&self, index: usize) -> Option<Wanted> {
        self.sent.get(&index).copied()
    }

    /// How many partitions the next request is about.
    pub fn wanted_count(&self) -> usize {
        self.wanted.len()
    }

    /// The next request; remembers it as sent.
    pub fn build(&mut self) -> SessionRequest {
        let mut request =
            SessionRequest { session_id: self.id, session_epoch: self.epoch, ..Default::default() };
        let changed = std::mem::take(&mut self.changed);
        if self.epoch == 0 {
            request.add = self.wanted.iter().map(|(index, wanted)| (*index, *wanted)).collect();
            self.sent.clone_from(&self.wanted);
            return request;
        }
        for index in changed {
            match self.wanted.get(&index) {
                Some(wanted) if self.sent.insert(index, *wanted) != Some(*wanted) => {
                    request.add.push((index, *wanted));
                }
                Some(_) => {}
                None if self.sent.remove(&index).is_some() => request.forget.push(index),
                None => {}
            }
        }
        request
    }

    /// The broker answered with `session_id` (0: it keeps no session, each request is a full one).
    pub fn on_response(&mut self, session_id: i32) {
        if session_id == 0 {
            self.reset();
        } else if self.id == session_id {
            self.epoch = if self.epoch == i32::MAX { 1 } else { self.epoch + 1 };
        } else {
            self.id = session_id;
            self.epoch = 1;
        }
    }

    /// Begins anew with a full request: after a lost answer or a session error.
    pub fn reset(&mut self) {
        (self.id, self.epoch) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(fetch_offset: i64) -> Option<Wanted> {
        Some(Wanted { fetch_offset, current_leader_epoch: 0, last_fetched_epoch: -1 })
    }

    #[test]
    fn only_changes_travel() {
        let mut session = FetchSession::default();
        session.want(0, at(0));
        session.want(1, at(0));
        let first = session.build();
        assert_eq!((first.session_id, first.session_epoch, first.add.len()), (0, 0, 2));
        session.on_response(77);
        session.want(0, at(10));
        session.want(1, at(0));
        let second = session.build();
        assert_eq!((second.session_id, second.session_epoch), (77, 1));
        assert_eq!(second.add.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0]);
        session.on_response(77);
        session.want(1, None);
        let third = session.build();
        assert_eq!((third.session_epoch, third.add.len(), third.forget), (2, 0, vec![1]));
    }

    #[test]
    fn a_broker_without_sessions_gets_full_requests() {
        let mut session = FetchSession::default();
        session.want(0, at(0));
        session.want(1, at(0));
        session.build();
        session.on_response(0);
        session.want(0, at(5));
        let next = session.build();
        assert_eq!((next.session_epoch, next.add.len()), (0, 2));
    }

    #[test]
    fn a_session_that_begins_anew_holds_what_is_wanted_now() {
        let mut session = FetchSession::default();
        session.want(0, at(0));
        session.want(1, at(0));
        session.build();
        session.on_response(7);
        session.want(1, None);
        session.reset();
        let next = session.build();
        assert_eq!((next.session_id, next.session_epoch), (0, 0));
        assert_eq!(next.add, vec![(0, at(0).expect("a partition"))]);
    }
}
