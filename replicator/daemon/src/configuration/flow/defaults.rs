//! What counts where a key of a flow is not given.

use std::collections::BTreeMap;

use strait_replicator_core::topic_plan::DEFAULT_CONFIG_EXCLUDES;

use super::{
    DefaultsOf, Delivery, Flow, Isolation, OffsetSyncs, OnLoss, OnRefused, Rename, Start, Timestamps,
};

pub(super) fn topics() -> Vec<String> {
    vec![".*".to_owned()]
}
pub(super) fn topics_exclude() -> Vec<String> {
    vec![r".*[\-.]internal".to_owned(), r".*\.replica".to_owned(), "__.*".to_owned()]
}
pub(super) fn separator() -> String {
    ".".to_owned()
}
pub(super) fn replication_factor() -> i16 {
    -1
}
pub(super) fn yes() -> bool {
    true
}
pub(super) fn topic_configs_exclude() -> Vec<String> {
    DEFAULT_CONFIG_EXCLUDES.map(str::to_owned).to_vec()
}
pub(super) fn refresh_interval_ms() -> u64 {
    2_000
}
pub(super) fn position_interval_ms() -> u64 {
    1_000
}
pub(super) fn groups() -> Vec<String> {
    vec![".*".to_owned()]
}
/// MirrorMaker 2's `groups.exclude`.
pub(super) fn groups_exclude() -> Vec<String> {
    ["console-consumer-.*", "connect-.*", "__.*"].map(str::to_owned).to_vec()
}
pub(super) fn group_interval_ms() -> u64 {
    5_000
}
pub(super) fn acl_interval_ms() -> u64 {
    10_000
}
pub(super) fn principal_interval_ms() -> u64 {
    10_000
}
pub(super) fn heartbeat_interval_ms() -> u64 {
    1_000
}

impl Flow {
    /// A flow with every key but its ends left at its default.
    pub fn new(source: &str, target: &str) -> Self {
        Self {
            source: source.to_owned(),
            target: target.to_owned(),
            shares: 0,
            paused: false,
            topics: topics(),
            topics_exclude: topics_exclude(),
            rename: Rename::default(),
            separator: separator(),
            rename_template: String::new(),
            rename_pattern: String::new(),
            rename_replacement: String::new(),
            replication_factor: replication_factor(),
            sync_topic_configs: true,
            topic_configs_exclude: topic_configs_exclude(),
            topic_defaults_from: DefaultsOf::default(),
            sync_topic_acls: true,
            acl_interval_ms: acl_interval_ms(),
            sync_client_quotas: false,
            sync_scram_users: false,
            scram_passwords: BTreeMap::new(),
            principal_interval_ms: principal_interval_ms(),
            start: Start::default(),
            topic_starts: BTreeMap::new(),
            take_over: String::new(),
            hand_over: String::new(),
            mirror_maker_connector: String::new(),
            delivery: Delivery::default(),
            isolation: Isolation::default(),
            timestamps: Timestamps::default(),
            on_retention_gap: OnLoss::go_on(),
            on_recreated: OnLoss::go_on(),
            on_truncated: OnLoss::default(),
            on_diverged: OnLoss::default(),
            on_refused: OnRefused::default(),
            dead_letter_topic: String::new(),
            groups: groups(),
            groups_exclude: groups_exclude(),
            sync_groups: true,
            group_interval_ms: group_interval_ms(),
            checkpoints: true,
            offset_syncs: OffsetSyncs::default(),
            heartbeat_interval_ms: heartbeat_interval_ms(),
            source_heartbeat_interval_ms: 0,
            copy_heartbeats: true,
            rate_limit_bytes: 0,
            refresh_interval_ms: refresh_interval_ms(),
            position_interval_ms: position_interval_ms(),
        }
    }
}
