//! Settings of copied topics, as REST and CLI show them.

use std::sync::Arc;

use serde::Serialize;

/// How the settings of a flow's remote topics stand, at the last look.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ConfigsStatus {
    /// Remote topics of which both sides' settings are known.
    pub topics: usize,
    /// Settings of remote topics written since the start, but for those of new topics.
    pub written_total: u64,
    /// When they were compared, milliseconds since 1970; 0 before the first time.
    pub at_ms: i64,
    #[serde(skip)]
    pub configs: Arc<Vec<ConfigStatus>>,
}

/// How a setting that differs stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigState {
    /// It differed at the last look, and was brought in line.
    Written,
    /// The target refuses the change.
    Refused,
    /// Settings are not brought in line, by the flow's key.
    Off,
    /// It is left as it is at the target, by the flow's key.
    Excluded,
    /// The target does not know it.
    UnknownAtTarget,
}

impl ConfigState {
    pub const ALL: [Self; 5] =
        [Self::Written, Self::Refused, Self::Off, Self::Excluded, Self::UnknownAtTarget];

    /// Its name in REST, CLI and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Refused => "refused",
            Self::Off => "off",
            Self::Excluded => "excluded",
            Self::UnknownAtTarget => "unknown_at_target",
        }
    }
}

/// A setting that is not the same on both sides.
#[derive(Clone, Debug, Serialize)]
pub struct ConfigStatus {
    pub topic: String,
    pub remote_topic: String,
    pub setting: String,
    /// What the source topic has, set or by default.
    pub source_value: Option<String>,
    /// What the remote topic had at the last look, set or by default.
    pub target_value: Option<String>,
    pub state: ConfigState,
    /// What the target said; empty when nothing is to be said.
    pub reason: String,
}
