//! The one place that decides whether an operation is tried again: by the error's class, with backoff and a
//! total deadline.

use std::time::Duration;

use strait_wire::error_code::{ErrorClass, ErrorCode};
use tokio::time::Instant;

use crate::error::ClientError;

const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Whether trying again can help.
pub(crate) fn is_retriable(error: &ClientError) -> bool {
    match error {
        ClientError::Connection(_) | ClientError::NoController | ClientError::UnknownBroker { .. } => true,
        ClientError::Broker { error, .. } => is_retriable_code(error.code),
        ClientError::Bootstrap { .. } | ClientError::Deadline { .. } => false,
    }
}

pub(crate) fn is_retriable_code(code: ErrorCode) -> bool {
    match code.class() {
        ErrorClass::Retriable | ErrorClass::RefreshMetadata => true,
        ErrorClass::None | ErrorClass::Fenced | ErrorClass::Fatal => false,
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
    let started = Instant::now();
    let mut backoff = BACKOFF.0;
    loop {
        let error = match operation().await {
            Ok(done) => return Ok(done),
            Err(error) if is_retriable(&error) => error,
            Err(error) => return Err(error),
        };
        if started.elapsed() + backoff > deadline {
            return Err(ClientError::Deadline { after: deadline, last: error.to_string() });
        }
        tokio::time::sleep(backoff).await;
        backoff = (backoff * 2).min(BACKOFF.1);
    }
}
