//! What a shard asks its caller to do.

use strait_wire::message::join_group::JoinGroupResponse;
use strait_wire::message::sync_group::SyncGroupResponse;

use crate::internal_record::GroupRecord;

/// Names a waiting request; chosen by the caller, who knows whom to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// An answer to a request that may have waited.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Join(JoinGroupResponse),
    Sync(SyncGroupResponse),
}

/// An answer with the request it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingAnswer {
    pub token: Token,
    pub answer: Answer,
}

/// Records to append, then answers to send.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Effects {
    pub records: Vec<GroupRecord>,
    pub answers: Vec<WaitingAnswer>,
}

/// An answer for the caller at hand, to be sent when the records of the effects are replicated.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Outcome<T> {
    pub response: T,
    pub effects: Effects,
}

impl<T> Outcome<T> {
    pub(crate) fn only(response: T) -> Self {
        Self { response, effects: Effects::default() }
    }
}

impl Effects {
    pub(crate) fn join(&mut self, token: Token, answer: JoinGroupResponse) {
        self.answers.push(WaitingAnswer { token, answer: Answer::Join(answer) });
    }

    pub(crate) fn sync(&mut self, token: Token, answer: SyncGroupResponse) {
        self.answers.push(WaitingAnswer { token, answer: Answer::Sync(answer) });
    }
}
