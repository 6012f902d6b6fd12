//! What REST, CLI and metrics are told of settings that differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use strait_client::BrokerError;
use strait_replicator_core::topic_plan::{ConfigDrift, DriftKind};

use super::{Planner, Selected};
use crate::flow::lane::unix_ms;
use crate::status::{ConfigState, ConfigStatus, ConfigsStatus};

/// Rows kept in memory; the totals count all.
const ROWS: usize = 10_000;

/// What was found before settings are written.
pub(super) struct Found {
    topics: usize,
    rows: Vec<ConfigStatus>,
}

impl Planner {
    /// Compares settings, once for each reading of them; the first share does this for all.
    pub(super) fn find_drift(&mut self, selected: &[Selected<'_>]) -> Option<Found> {
        if !self.parts.part.is_first() || self.settings.read_at() == self.compared {
            return None;
        }
        self.compared = self.settings.read_at();
        let mut found = Found { topics: 0, rows: Vec::new() };
        for Selected { topic, remote } in selected {
            let sides = (self.settings.source.get(&topic.name), self.settings.target.get(remote));
            let (Some(source), Some(target)) = sides else { continue };
            found.topics += 1;
            let drift = self.parts.rules.configs.drift(source, target);
            let room = ROWS.saturating_sub(found.rows.len());
            found.rows.extend(drift.into_iter().take(room).map(|drift| self.row(&topic.name, remote, drift)));
        }
        Some(found)
    }

    fn row(&self, topic: &str, remote: &str, drift: ConfigDrift) -> ConfigStatus {
        let state = match drift.kind {
            DriftKind::Unsettled if !self.parts.flow.sync_topic_configs => ConfigState::Off,
            DriftKind::Unsettled => ConfigState::Written,
            DriftKind::Excluded => ConfigState::Excluded,
            DriftKind::UnknownAtTarget => ConfigState::UnknownAtTarget,
        };
        ConfigStatus {
            topic: topic.to_owned(),
            remote_topic: remote.to_owned(),
            setting: drift.name,
            source_value: drift.source,
            target_value: drift.target,
            state,
            reason: String::new(),
        }
    }

    /// After settings were written; `refused` are the topics that the target did not let be changed.
    pub(super) fn show_drift(&self, found: Option<Found>, refused: &BTreeMap<String, BrokerError>) {
        let written_total = self.written;
        let Some(Found { topics, mut rows }) = found else {
            return self
                .parts
                .status
                .update(&self.parts.flow.id(), |flow| flow.configs.written_total = written_total);
        };
        for row in rows.iter_mut().filter(|row| row.state == ConfigState::Written) {
            if let Some(error) = refused.get(&row.remote_topic) {
                (row.state, row.reason) = (ConfigState::Refused, error.to_string());
            }
        }
        let shown = ConfigsStatus { topics, written_total, at_ms: unix_ms(), configs: Arc::new(rows) };
        self.parts.status.update(&self.parts.flow.id(), |flow| flow.configs = shown);
    }
}
