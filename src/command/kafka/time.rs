//! Times as people write them.

use std::time::UNIX_EPOCH;

/// Milliseconds since 1970 of a time such as 2026-01-31T08:00:00Z.
pub(in crate::command) fn time(text: &str) -> Result<i64, String> {
    let time = humantime::parse_rfc3339_weak(text).map_err(|error| error.to_string())?;
    let since = time.duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?;
    i64::try_from(since.as_millis()).map_err(|error| error.to_string())
}
