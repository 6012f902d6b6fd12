//! Where a partition without a stored position begins.

use serde::{Deserialize, Serialize};

/// Where a partition without a stored position begins.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(try_from = "String", into = "String")]
pub enum Start {
    #[default]
    Earliest,
    Latest,
    /// First record at or after this time, milliseconds since 1970.
    Timestamp(i64),
}

/// Why a text is no start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is no start: allowed are earliest, latest, and a time as 2026-11-23T18:00:00Z")]
pub struct StartError {
    value: String,
}

impl TryFrom<String> for Start {
    type Error = StartError;

    fn try_from(value: String) -> Result<Self, StartError> {
        match value.as_str() {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            time => {
                let parsed = humantime::parse_rfc3339_weak(time).ok();
                let since = parsed.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
                let millis = since.and_then(|since| i64::try_from(since.as_millis()).ok());
                millis.map(Self::Timestamp).ok_or(StartError { value })
            }
        }
    }
}

impl From<Start> for String {
    fn from(start: Start) -> Self {
        match start {
            Start::Earliest => "earliest".to_owned(),
            Start::Latest => "latest".to_owned(),
            Start::Timestamp(millis) => {
                let since = std::time::Duration::from_millis(u64::try_from(millis).unwrap_or(0));
                humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + since).to_string()
            }
        }
    }
}
