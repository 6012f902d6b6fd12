//! Incremental fetch sessions (KIP-227): the broker remembers what a client fetches, so that requests and answers name
//! only what changed. A session that has no room is no error: the client then names everything each time.

// One session.
mod session;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::rand;
use strait_wire::error_code::ErrorCode;

pub(crate) use session::{Change, FetchSession, SessionPartition, Told, TopicKey};

/// Epoch of a request that wants no session after it.
const FINAL_EPOCH: i32 = -1;
/// Epoch of a request that names everything.
const FIRST_EPOCH: i32 = 0;
/// A session may lose its place when it was not used for this long.
const EVICTABLE: Duration = Duration::from_secs(120);

/// All sessions but those of requests that are being answered.
#[derive(Debug)]
pub(crate) struct FetchSessions {
    slots: usize,
    sessions: Mutex<HashMap<i32, (Instant, FetchSession)>>,
}

/// The session, the partitions that are asked for, and whether only changes are answered.
type Begun = (Option<FetchSession>, Vec<SessionPartition>, bool);

impl FetchSessions {
    /// Room for `slots` sessions (`max.incremental.fetch.session.cache.slots`).
    pub(crate) fn new(slots: usize) -> Self {
        Self { slots, sessions: Mutex::new(HashMap::new()) }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<i32, (Instant, FetchSession)>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the session of a request out, so that nobody else uses it until it is kept again.
    pub(crate) fn begin(
        &self,
        id: i32,
        epoch: i32,
        is_by_id: bool,
        change: Change,
    ) -> Result<Begun, ErrorCode> {
        if epoch == FINAL_EPOCH || epoch == FIRST_EPOCH {
            self.sessions().remove(&id);
            let session = (epoch == FIRST_EPOCH).then(|| self.create(is_by_id, &change)).flatten();
            return Ok((session, change.asked, false));
        }
        let mut sessions = self.sessions();
        let (_, found) = sessions.get(&id).ok_or(ErrorCode::FETCH_SESSION_ID_NOT_FOUND)?;
        if found.expected_epoch() != epoch {
            return Err(ErrorCode::INVALID_FETCH_SESSION_EPOCH);
        }
        if found.is_by_id() != is_by_id {
            return Err(ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR);
        }
        let (_, mut session) = sessions.remove(&id).ok_or(ErrorCode::FETCH_SESSION_ID_NOT_FOUND)?;
        drop(sessions);
        session.apply(change);
        let asked = session.partitions();
        Ok((Some(session), asked, true))
    }

    fn create(&self, is_by_id: bool, change: &Change) -> Option<FetchSession> {
        let mut sessions = self.sessions();
        if sessions.len() >= self.slots {
            let oldest = sessions.iter().min_by_key(|(_, (used, _))| *used);
            let oldest = oldest.filter(|(_, (used, _))| used.elapsed() > EVICTABLE).map(|(id, _)| *id)?;
            sessions.remove(&oldest);
        }
        let mut bytes = [0; 4];
        rand::fill(&mut bytes).ok()?;
        let id = (i32::from_be_bytes(bytes) & i32::MAX).max(1);
        let is_free = !sessions.contains_key(&id);
        is_free.then(|| FetchSession::new(id, is_by_id, &change.asked))
    }

    /// Keeps a session for its next request. Gives its id, or 0 where there is no room.
    pub(crate) fn keep(&self, session: FetchSession) -> i32 {
        let mut sessions = self.sessions();
        if sessions.len() >= self.slots {
            return 0;
        }
        let id = session.id();
        sessions.insert(id, (Instant::now(), session.next()));
        id
    }
}

#[cfg(test)]
mod tests;
