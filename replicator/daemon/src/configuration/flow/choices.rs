//! Values of a flow's keys that are one word of several.

use serde::{Deserialize, Serialize};
use strait_client::IsolationLevel;
use strait_replicator_core::lane;

/// The remote topic's name.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Rename {
    /// `source<separator>topic`.
    #[default]
    Default,
    /// The same name on both sides.
    Identity,
    /// As `rename_template` says.
    Template,
    /// As `rename_pattern` and `rename_replacement` say.
    Regex,
}

impl Rename {
    /// As the file writes it.
    pub(in crate::configuration) fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Identity => "identity",
            Self::Template => "template",
            Self::Regex => "regex",
        }
    }
}

/// Which records are copied.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Without those of aborted transactions; stops before an open one.
    #[default]
    ReadCommitted,
    ReadUncommitted,
}

impl From<Isolation> for IsolationLevel {
    fn from(isolation: Isolation) -> Self {
        match isolation {
            Isolation::ReadCommitted => Self::ReadCommitted,
            Isolation::ReadUncommitted => Self::ReadUncommitted,
        }
    }
}

/// How records are protected from being written twice.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// By sequences, which the target compares; what these can't protect goes in transactions.
    #[default]
    ExactlyOnce,
    /// Every batch goes in a transaction, together with its position.
    Transactions,
    /// Not at all: what was not acknowledged before a failure is written again, and no batch carries a producer.
    AtLeastOnce,
}

impl From<Delivery> for lane::Delivery {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::ExactlyOnce | Delivery::Transactions => Self::Once,
            Delivery::AtLeastOnce => Self::AtLeastOnce,
        }
    }
}

/// Whose time records of a topic with LogAppendTime keep.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Timestamps {
    /// What consumers of the source see. Each batch is opened.
    #[default]
    Source,
    /// What producers gave. Batches stay closed.
    Producer,
}

/// Whose defaults of topic settings count.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum DefaultsOf {
    #[default]
    Target,
    Source,
}

/// What follows when records can't be copied because they are gone.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum OnLoss {
    /// The partition waits for a person.
    #[default]
    Stop,
    /// The lost range goes into the ledger and the partition goes on.
    Continue,
}

impl OnLoss {
    pub(super) fn go_on() -> Self {
        Self::Continue
    }
}

/// What follows when the target refuses a record for what it holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum OnRefused {
    /// The partition waits for a person.
    #[default]
    Stop,
    /// Its offset goes into the ledger and the partition goes on.
    Skip,
    /// As `skip`, and the record goes into `dead_letter_topic`.
    DeadLetter,
}

/// Where MirrorMaker 2's offset syncs are published.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum OffsetSyncs {
    /// Nowhere.
    Off,
    /// In `mm2-offset-syncs.<source>.internal` of the target.
    #[default]
    Target,
    /// In `mm2-offset-syncs.<target>.internal` of the source, where the flow must then be allowed to write.
    Source,
}
