//! Incremental fetch sessions (KIP-227): only what changed travels in a request.

use std::collections::BTreeMap;

/// A partition to fetch: index chosen by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub fetch_offset: i64,
    pub current_leader_epoch: i32,
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

/// The session with one broker. Partitions are named by the caller's index.
#[derive(Debug, Default)]
pub struct FetchSession {
    id: i32,
    epoch: i32,
    sent: BTreeMap<usize, Wanted>,
}

impl FetchSession {
    /// The next request for exactly `wanted`; remembers it as sent.
    pub fn build(&mut self, wanted: &BTreeMap<usize, Wanted>) -> SessionRequest {
        let mut request =
            SessionRequest { session_id: self.id, session_epoch: self.epoch, ..Default::default() };
        for (index, partition) in wanted {
            if self.sent.get(index) != Some(partition) {
                request.add.push((*index, *partition));
            }
        }
        request.forget = self.sent.keys().copied().filter(|index| !wanted.contains_key(index)).collect();
        self.sent.clone_from(wanted);
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
        *self = Self::default();
    }

    /// A partition's answer needs it to be sent again even if its offset did not change.
    pub fn resend(&mut self, index: usize) {
        self.sent.remove(&index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(entries: &[(usize, i64)]) -> BTreeMap<usize, Wanted> {
        entries
            .iter()
            .map(|(index, offset)| (*index, Wanted { fetch_offset: *offset, current_leader_epoch: 0 }))
            .collect()
    }

    #[test]
    fn only_changes_travel() {
        let mut session = FetchSession::default();
        let first = session.build(&wanted(&[(0, 0), (1, 0)]));
        assert_eq!((first.session_id, first.session_epoch, first.add.len()), (0, 0, 2));
        session.on_response(77);
        let second = session.build(&wanted(&[(0, 10), (1, 0)]));
        assert_eq!((second.session_id, second.session_epoch), (77, 1));
        assert_eq!(second.add.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0]);
        session.on_response(77);
        let third = session.build(&wanted(&[(0, 10)]));
        assert_eq!((third.session_epoch, third.add.len(), third.forget), (2, 0, vec![1]));
    }

    #[test]
    fn a_broker_without_sessions_gets_full_requests() {
        let mut session = FetchSession::default();
        session.build(&wanted(&[(0, 0), (1, 0)]));
        session.on_response(0);
        let next = session.build(&wanted(&[(0, 5), (1, 0)]));
        assert_eq!((next.session_epoch, next.add.len()), (0, 2));
    }
}
