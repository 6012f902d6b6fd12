//! The one place that decides whether an operation is tried again: by the error's class, with backoff, jitter and a
//! total deadline.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use strait_wire::error_code::{ErrorClass, ErrorCode};
use tokio::time::Instant;

use crate::error::ClientError;

const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Whether trying again can help.
pub(crate) fn is_retriable(error: &ClientError) -> bool {
    match error {
        ClientError::Connection(error) => !error.is_permanent(),
        ClientError::NoBrokers | ClientError::NoController | ClientError::UnknownBroker { .. } => true,
        ClientError::Broker { error, .. } => is_retriable_code(error.code),
        ClientError::Bootstrap { .. } | ClientError::OtherCluster { .. } | ClientError::Deadline { .. } => {
            false
        }
    }
}

pub(crate) fn is_retriable_code(code: ErrorCode) -> bool {
    match code.class() {
        ErrorClass::Retriable | ErrorClass::RefreshMetadata => true,
        ErrorClass::None | ErrorClass::Fenced | ErrorClass::Fatal => false,
    }
}

/// Attempts at one operation: pauses that double from the first to the last, each between half of it and all of it,
/// within a total deadline.
#[derive(Debug)]
pub(crate) struct Attempts {
    started: Instant,
    deadline: Duration,
    backoff: Duration,
    jitter: Jitter,
}

impl Attempts {
    pub(crate) fn within(deadline: Duration) -> Self {
        Self::with_jitter(deadline, Jitter::from_process())
    }

    fn with_jitter(deadline: Duration, jitter: Jitter) -> Self {
        Self { started: Instant::now(), deadline, backoff: BACKOFF.0, jitter }
    }

    /// Waits for the next attempt; false when the deadline would pass.
    pub(crate) async fn pause(&mut self) -> bool {
        let pause = self.jitter.shorten(self.backoff);
        if self.started.elapsed() + pause > self.deadline {
            return false;
        }
        tokio::time::sleep(pause).await;
        self.backoff = (self.backoff * 2).min(BACKOFF.1);
        true
    }

    pub(crate) fn given_up(&self, last: &ClientError) -> ClientError {
        ClientError::Deadline { after: self.deadline, last: last.to_string() }
    }
}

/// Tries `operation` until it succeeds, fails for good, or `deadline` has passed.
pub(crate) async fn retry<T, F>(
    deadline: Duration,
    mut operation: impl FnMut() -> F,
) -> Result<T, ClientError>
where
    F: Future<Output = Result<T, ClientError>>,
{
    let mut attempts = Attempts::within(deadline);
    loop {
        let error = match operation().await {
            Ok(done) => return Ok(done),
            Err(error) if is_retriable(&error) => error,
            Err(error) => return Err(error),
        };
        if !attempts.pause().await {
            return Err(attempts.given_up(&error));
        }
    }
}

/// A small generator (splitmix64): it keeps clients from knocking all at once, and spreads records.
#[derive(Clone, Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Another sequence each time.
    pub(crate) fn from_process() -> Self {
        Self::seeded(RandomState::new().hash_one(0_u8))
    }

    /// Between half of `span` and all of it.
    pub(crate) fn shorten(&mut self, span: Duration) -> Duration {
        let fraction = f64::from(self.next_u32()) / f64::from(u32::MAX);
        span.div_f64(2.0).mul_f64(1.0 + fraction).min(span)
    }

    pub(crate) fn next_i32(&mut self) -> i32 {
        self.next_u32().cast_signed()
    }

    fn next_u32(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::BrokerError;
    use strait_wire::api_key::ApiKey;

    fn failing(code: ErrorCode) -> Result<(), ClientError> {
        let error = BrokerError { code, message: None };
        Err(ClientError::Broker { api: ApiKey(3), error })
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_bounds_all_attempts() {
        let (started, mut tries) = (Instant::now(), 0);
        let outcome = retry(Duration::from_secs(10), || {
            tries += 1;
            async { failing(ErrorCode::NOT_CONTROLLER) }
        })
        .await;
        assert!(matches!(outcome, Err(ClientError::Deadline { .. })), "{outcome:?}");
        assert!(started.elapsed() <= Duration::from_secs(10));
        assert!((12..=30).contains(&tries), "{tries} tries");
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_wrong_is_not_tried_again() {
        let mut tries = 0;
        let outcome = retry(Duration::from_secs(10), || {
            tries += 1;
            async { failing(ErrorCode::TOPIC_AUTHORIZATION_FAILED) }
        })
        .await;
        assert!(matches!(outcome, Err(ClientError::Broker { .. })), "{outcome:?}");
        assert_eq!(tries, 1);
    }

    #[test]
    fn jitter_stays_between_half_and_all() {
        let (mut jitter, span) = (Jitter::seeded(7), Duration::from_millis(100));
        let shortened: Vec<Duration> = (0..1_000).map(|_| jitter.shorten(span)).collect();
        assert!(shortened.iter().all(|pause| (span / 2..=span).contains(pause)));
        assert_ne!(shortened[0], shortened[1]);
    }
}
