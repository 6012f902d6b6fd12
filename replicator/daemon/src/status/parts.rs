//! What the parts of a flow that run here add to its status.

use std::collections::BTreeMap;

use strait_replicator_core::lane::StateName;
use strait_replicator_core::shares::Part;

use super::{DaemonStatus, FlowStatus, LedgerEntry, PartitionStatus};

/// One part, as its lane and those around it see it.
#[derive(Clone, Debug)]
pub(crate) struct PartStatus {
    pub(crate) state: StateName,
    pub(crate) last_error: Option<String>,
    pub(crate) records_total: u64,
    pub(crate) bytes_total: u64,
    pub(crate) repeated_records_total: u64,
    pub(crate) records_per_second: f64,
    pub(crate) bytes_per_second: f64,
    pub(crate) partitions: Vec<PartitionStatus>,
}

impl PartStatus {
    fn new() -> Self {
        Self {
            state: StateName::Waiting,
            last_error: None,
            records_total: 0,
            bytes_total: 0,
            repeated_records_total: 0,
            records_per_second: 0.0,
            bytes_per_second: 0.0,
            partitions: Vec::new(),
        }
    }

    /// The part and all its partitions are in this state.
    pub(crate) fn stop_all(&mut self, state: StateName) {
        self.state = state;
        for partition in &mut self.partitions {
            partition.state = state;
        }
    }
}

/// The parts that run here, and what those that no longer do have copied.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    running: BTreeMap<Part, PartStatus>,
    records_before: u64,
    bytes_before: u64,
    repeated_before: u64,
}

impl Parts {
    /// The most telling state: what is wrong before what goes on. Nothing where no part runs.
    fn state(&self) -> Option<StateName> {
        let states = || self.running.values().map(|part| part.state);
        let order = [StateName::Throttled, StateName::Running, StateName::Standby, StateName::Waiting];
        let wrong = states().find(|state| !order.contains(state));
        wrong.or_else(|| order.into_iter().find(|state| states().any(|other| other == *state)))
    }
}

impl FlowStatus {
    /// With what its parts add, as it is shown. Parts change far more often than somebody looks.
    pub(super) fn merged(&self) -> Self {
        let mut merged = self.clone();
        let parts = std::mem::take(&mut merged.parts);
        merged.state = parts.state().unwrap_or(self.state);
        merged.records_total = parts.records_before;
        merged.bytes_total = parts.bytes_before;
        merged.repeated_records_total = parts.repeated_before;
        let is_split = parts.running.len() > 1;
        for part in parts.running.into_values() {
            merged.last_error = merged.last_error.or(part.last_error);
            merged.records_total += part.records_total;
            merged.bytes_total += part.bytes_total;
            merged.repeated_records_total += part.repeated_records_total;
            merged.records_per_second += part.records_per_second;
            merged.bytes_per_second += part.bytes_per_second;
            merged.partitions.extend(part.partitions);
        }
        if is_split {
            let place = |one: &PartitionStatus| (one.topic.clone(), one.partition);
            merged.partitions.sort_by_cached_key(place);
        }
        merged.partition_count = merged.partitions.len();
        merged.lag_records = merged.partitions.iter().map(|partition| partition.lag_records).sum();
        merged.lag_seconds =
            merged.partitions.iter().map(|partition| partition.lag_seconds).fold(0.0, f64::max);
        merged
    }
}

impl DaemonStatus {
    /// Changes one part's status; unknown flows are ignored.
    pub(crate) fn update_part(&self, part: &Part, change: impl FnOnce(&mut PartStatus)) {
        self.update(&part.flow, |flow| {
            change(flow.parts.running.entry(part.clone()).or_insert_with(PartStatus::new));
        });
    }

    /// The part no longer runs here.
    pub(crate) fn remove_part(&self, part: &Part) {
        self.update(&part.flow, |flow| {
            if let Some(gone) = flow.parts.running.remove(part) {
                flow.parts.records_before += gone.records_total;
                flow.parts.bytes_before += gone.bytes_total;
                flow.parts.repeated_before += gone.repeated_records_total;
            }
            flow.ledger.retain(|entry| !part.has(&entry.topic, entry.partition));
            // As long as no part runs here.
            flow.state = StateName::Standby;
        });
    }

    /// Takes over what the state topic says of a part's losses.
    pub(crate) fn set_ledger(&self, part: &Part, ledger: Vec<LedgerEntry>) {
        self.update(&part.flow, |flow| {
            flow.ledger.retain(|entry| !part.has(&entry.topic, entry.partition));
            flow.extend_ledger(ledger);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_shown_as_one_flow() {
        let status = DaemonStatus::default();
        status.add("a--b", "a", "b");
        let parts: Vec<Part> = Part::shares("a--b", 3).collect();
        let shown = || status.flow("a--b").expect("the flow");
        assert_eq!(shown().state, StateName::Waiting);
        for (index, (state, records)) in
            [(StateName::Running, 5), (StateName::Standby, 0), (StateName::Waiting, 7)]
                .into_iter()
                .enumerate()
        {
            status.update_part(&parts[index], |part| {
                part.state = state;
                part.records_total = records;
            });
        }
        assert_eq!((shown().state, shown().records_total), (StateName::Running, 12));
        status.update_part(&parts[2], |part| part.state = StateName::Unreachable);
        assert_eq!(shown().state, StateName::Unreachable);
        status.remove_part(&parts[2]);
        assert_eq!((shown().state, shown().records_total), (StateName::Running, 12));
        status.remove_part(&parts[0]);
        assert_eq!(shown().state, StateName::Standby);
        status.remove_part(&parts[1]);
        assert_eq!((shown().state, shown().records_total), (StateName::Standby, 12));
    }
}
