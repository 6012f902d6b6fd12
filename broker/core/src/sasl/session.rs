//! What a client proved, and until when that counts (KIP-368).

use super::mechanism::Mechanism;

/// A client may authenticate again at most this often.
const SHORTEST_REPEAT_MS: i64 = 1_000;

/// A client that authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaslSession {
    pub(super) mechanism: Mechanism,
    pub(super) name: String,
    expires_ms: Option<i64>,
    began_again_ms: Option<i64>,
}

impl SaslSession {
    /// A session that lasts `lifetime_ms` from now; None: as long as the connection.
    pub fn new(mechanism: Mechanism, name: String, lifetime_ms: Option<i64>, now_ms: i64) -> Self {
        let expires_ms = lifetime_ms.map(|lifetime| now_ms.saturating_add(lifetime));
        Self { mechanism, name, expires_ms, began_again_ms: None }
    }

    /// Whether the next request ends the connection.
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.expires_ms.is_some_and(|expires_ms| now_ms > expires_ms)
    }

    /// Whether a handshake begins another authentication: not where sessions do not end, and not too often.
    pub fn may_begin_again(&mut self, now_ms: i64) -> bool {
        let is_too_early = self.began_again_ms.is_some_and(|began| now_ms < began + SHORTEST_REPEAT_MS);
        if self.expires_ms.is_none() || is_too_early {
            return false;
        }
        self.began_again_ms = Some(now_ms);
        true
    }

    /// The session after this one: it remembers when it was begun.
    pub fn followed_by(&self, next: Self) -> Self {
        Self { began_again_ms: self.began_again_ms, ..next }
    }
}

/// How long a session lasts: the shorter of what the broker allows (`connections.max.reauth.ms`, 0: no limit) and the
/// rest of the credential's life.
pub fn lifetime_ms(allowed_ms: i64, credential_expires_ms: Option<i64>, now_ms: i64) -> Option<i64> {
    let left = credential_expires_ms.map(|expires_ms| expires_ms.saturating_sub(now_ms));
    let allowed = Some(allowed_ms).filter(|allowed| *allowed > 0);
    left.into_iter().chain(allowed).min().map(|lifetime| lifetime.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_time_counts() {
        assert_eq!(lifetime_ms(0, None, 5), None);
        assert_eq!(lifetime_ms(-1, None, 5), None);
        assert_eq!(lifetime_ms(10, None, 5), Some(10));
        assert_eq!(lifetime_ms(0, Some(12), 5), Some(7));
        assert_eq!(lifetime_ms(10, Some(12), 5), Some(7));
        assert_eq!(lifetime_ms(3, Some(12), 5), Some(3));
        assert_eq!(lifetime_ms(3, Some(1), 5), Some(0));
    }

    #[test]
    fn a_session_ends_and_is_begun_again_once_a_second() {
        let session = |lifetime| SaslSession::new(Mechanism::Plain, "alice".to_owned(), lifetime, 1_000);
        assert!(!session(None).is_expired(i64::MAX));
        assert!(!session(None).may_begin_again(2_000));
        let mut first = session(Some(500));
        assert!(!first.is_expired(1_500));
        assert!(first.is_expired(1_501));
        assert!(first.may_begin_again(1_600));
        let mut second = first.followed_by(session(Some(500)));
        assert!(!second.may_begin_again(2_599));
        assert!(second.may_begin_again(2_600));
    }
}
