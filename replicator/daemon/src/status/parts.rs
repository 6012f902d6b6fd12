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
    /// The most telling state: what is wrong before what goes on.
    fn state(&self) -> StateName {
        let states = || self.running.values().map(|part| part.state);
        let order = [StateName::Throttled, StateName::Running, StateName::Standby, StateName::Waiting];
        let wrong = states().find(|state| !order.contains(state));
        let found = wrong.or_else(|| order.into_iter().find(|state| states().any(|other| other == *state)));
        found.unwrap_or(StateName::Standby)
    }
}

impl FlowStatus {
    fn merge_parts(&mut self) {
        let parts = &self.parts;
        let running = || parts.running.values();
        self.state = parts.state();
        self.last_error = running().find_map(|part| part.last_error.clone());
        self.records_total = parts.records_before + running().map(|part| part.records_total).sum::<u64>();
        self.bytes_total = parts.bytes_before + running().map(|part| part.bytes_total).sum::<u64>();
        self.repeated_records_total =
            parts.repeated_before + running().map(|part| part.repeated_records_total).sum::<u64>();
        self.records_per_second = running().map(|part| part.records_per_second).sum();
        self.bytes_per_second = running().map(|part| part.bytes_per_second).sum();
        self.partitions = running().flat_map(|part| part.partitions.iter().cloned()).collect();
        if parts.running.len() > 1 {
            let place = |one: &PartitionStatus| (one.topic.clone(), one.partition);
            self.partitions.sort_by_cached_key(place);
        }
        self.partition_count = self.partitions.len();
        self.lag_records = self.partitions.iter().map(|partition| partition.lag_records).sum();
        self.lag_seconds = self.partitions.iter().map(|partition| partition.lag_seconds).fold(0.0, f64::max);
    }
}

impl DaemonStatus {
    /// Changes one part's status; unknown flows are ignored.
    pub(crate) fn update_part(&self, part: &Part, change: impl FnOnce(&mut PartStatus)) {
        self.update(&part.flow, |flow| {
            change(flow.parts.running.entry(part.clone()).or_insert_with(PartStatus::new));
            flow.merge_parts();
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
            flow.merge_parts();
        });
    }

    /// Takes over what the state topic says of a part's losses.
    pub(crate) fn set_ledger(&self, part: &Part, ledger: Vec<LedgerEntry>) {
        self.update(&part.flow, |flow| {
            flow.ledger.retain(|entry| !part.has(&entry.topic, entry.partition));
            flow.ledger.extend(ledger);
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
