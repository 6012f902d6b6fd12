//! Settings of a consumer, and which of them go together (`ConsumerConfig`).

use std::time::Duration;

use crate::consumer::assignor::Strategy;
use crate::offsets::IsolationLevel;
use crate::settings::{
    Choice, Chosen, Setting, SettingError, choose, parse_duration, print_duration, settings,
};

const BY_DURATION: &str = "by_duration:";

/// Where reading begins when a group has no offset, or one that is not in the log any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoOffsetReset {
    Latest,
    Earliest,
    /// Nowhere: `poll` fails.
    None,
    /// At the first record that is not older (KIP-1106).
    ByDuration(Duration),
}

impl Setting for AutoOffsetReset {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "latest" => Ok(Self::Latest),
            "earliest" => Ok(Self::Earliest),
            "none" => Ok(Self::None),
            _ => {
                let span = text.strip_prefix(BY_DURATION).and_then(parse_duration);
                span.map(Self::ByDuration).ok_or_else(|| {
                    format!(
                        "Invalid value `{text}` for configuration auto.offset.reset. The value must be either \
                         'earliest', 'latest', 'none' or of the format 'by_duration:<PnDTnHnMn.nS.>'."
                    )
                })
            }
        }
    }
    fn print(&self) -> String {
        match self {
            Self::Latest => "latest".to_owned(),
            Self::Earliest => "earliest".to_owned(),
            Self::None => "none".to_owned(),
            Self::ByDuration(span) => format!("{BY_DURATION}{}", print_duration(*span)),
        }
    }
}

/// How a group shares partitions out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupProtocol {
    Classic,
    /// KIP-848; not served by this client.
    Consumer,
}

impl Setting for GroupProtocol {
    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "classic" => Ok(Self::Classic),
            "consumer" => Ok(Self::Consumer),
            _ => Err("String must be one of (case insensitive): CONSUMER, CLASSIC".to_owned()),
        }
    }
    fn print(&self) -> String {
        match self {
            Self::Classic => "classic".to_owned(),
            Self::Consumer => "consumer".to_owned(),
        }
    }
}

const ISOLATION: [Choice<IsolationLevel>; 2] = [
    ("read_committed", IsolationLevel::ReadCommitted),
    ("read_uncommitted", IsolationLevel::ReadUncommitted),
];

impl Setting for IsolationLevel {
    fn parse(text: &str) -> Result<Self, String> {
        choose(&ISOLATION, text)
    }
    fn print(&self) -> String {
        let named = ISOLATION.iter().find(|(_, level)| level == self);
        named.map_or("", |(name, _)| *name).to_owned()
    }
}

/// A group's name; that it must not be empty is said with other words than for other texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupId(pub Option<String>);

impl Setting for GroupId {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self(Some(text.to_owned())))
    }
    fn print(&self) -> String {
        self.0.clone().unwrap_or_else(|| "null".to_owned())
    }
}

impl From<&str> for GroupId {
    fn from(id: &str) -> Self {
        Self(Some(id.to_owned()))
    }
}

settings! {
    /// What a consumer is made with. Sizes are in bytes, times in milliseconds.
    ConsumerConfig of "a consumer" {
        "allow.auto.create.topics" allow_auto_create_topics: bool = true;
        "auto.commit.interval.ms" auto_commit_interval_ms: i32 = 5_000, at least 0;
        "auto.offset.reset" auto_offset_reset: AutoOffsetReset = AutoOffsetReset::Latest;
        /// Whether a batch's checksum is looked at.
        "check.crcs" check_crcs: bool = true;
        /// For operations that have no time of their own.
        "default.api.timeout.ms" default_api_timeout_ms: i32 = 60_000, at least 0;
        "enable.auto.commit" enable_auto_commit: Chosen<bool> = Chosen::ByDefault(true);
        /// Whether a pattern leaves out internal topics.
        "exclude.internal.topics" exclude_internal_topics: bool = true;
        "fetch.max.bytes" fetch_max_bytes: i32 = 52_428_800, at least 0;
        "fetch.max.wait.ms" fetch_max_wait_ms: i32 = 500, at least 0;
        "fetch.min.bytes" fetch_min_bytes: i32 = 1, at least 0;
        "group.id" group_id: GroupId = GroupId(None);
        "group.instance.id" group_instance_id: Option<String> = None;
        "group.protocol" group_protocol: GroupProtocol = GroupProtocol::Classic;
        "heartbeat.interval.ms" heartbeat_interval_ms: Chosen<i32> = Chosen::ByDefault(3_000);
        "isolation.level" isolation_level: IsolationLevel = IsolationLevel::ReadUncommitted;
        "max.partition.fetch.bytes" max_partition_fetch_bytes: i32 = 1_048_576, at least 0;
        /// Between two calls of `poll`; who takes longer leaves the group.
        "max.poll.interval.ms" max_poll_interval_ms: i32 = 300_000, at least 1;
        "max.poll.records" max_poll_records: i32 = 500, at least 1;
        "metadata.max.age.ms" metadata_max_age_ms: i64 = 300_000, at least 0;
        "partition.assignment.strategy" partition_assignment_strategy: Vec<Strategy> =
            vec![Strategy::Range, Strategy::CooperativeSticky];
        "request.timeout.ms" request_timeout_ms: i32 = 30_000, at least 0;
        "retry.backoff.max.ms" retry_backoff_max_ms: i64 = 1_000, at least 0;
        "retry.backoff.ms" retry_backoff_ms: i64 = 100, at least 0;
        "session.timeout.ms" session_timeout_ms: Chosen<i32> = Chosen::ByDefault(45_000);
    }
}

impl ConsumerConfig {
    /// Offsets are committed by `poll`: by default where there is a group.
    pub fn commits_automatically(&self) -> bool {
        self.enable_auto_commit.value() && self.group_id.0.is_some()
    }

    /// Fails where settings contradict each other, and for `group.protocol=consumer`.
    pub fn check(&self) -> Result<(), SettingError> {
        self.check_limits()?;
        match &self.group_id.0 {
            Some(id) if id.trim().is_empty() => {
                let reason = "The configured group.id should not be an empty string or whitespace.";
                return Err(SettingError::conflict("group.id", reason));
            }
            Some(_) => {}
            None => self.check_without_group()?,
        }
        match self.group_protocol {
            GroupProtocol::Classic => self.check_classic(),
            GroupProtocol::Consumer => self.check_new_protocol(),
        }
    }

    fn check_without_group(&self) -> Result<(), SettingError> {
        if self.enable_auto_commit == Chosen::Explicitly(true) {
            let reason = "enable.auto.commit cannot be set to true when default group id (null) is used.";
            return Err(SettingError::conflict("enable.auto.commit", reason));
        }
        Ok(())
    }

    fn check_classic(&self) -> Result<(), SettingError> {
        let interval = self.heartbeat_interval_ms.value();
        let reason = match interval {
            ..0 => format!("Invalid negative timeout {interval}"),
            _ if self.group_id.0.is_some() && interval >= self.session_timeout_ms.value() => {
                "Heartbeat must be set lower than the session timeout".to_owned()
            }
            _ => return Ok(()),
        };
        Err(SettingError::conflict("heartbeat.interval.ms", reason))
    }

    fn check_new_protocol(&self) -> Result<(), SettingError> {
        let by_broker = [
            ("heartbeat.interval.ms", self.heartbeat_interval_ms.is_explicit()),
            ("session.timeout.ms", self.session_timeout_ms.is_explicit()),
            (
                "partition.assignment.strategy",
                self.partition_assignment_strategy != Self::default().partition_assignment_strategy,
            ),
        ];
        match by_broker.into_iter().find(|(_, set)| *set) {
            Some((key, _)) => {
                Err(SettingError::conflict(key, format!("{key} cannot be set when group.protocol=CONSUMER")))
            }
            None => {
                let reason = "group.protocol=consumer is not served by this client yet: use classic";
                Err(SettingError::conflict("group.protocol", reason))
            }
        }
    }
}
