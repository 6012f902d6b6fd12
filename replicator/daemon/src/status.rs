//! What the daemon shows of itself: written by the flows, read by REST and metrics.

// Rules of access.
mod acls;
// Settings of topics.
mod configs;
// Groups.
mod groups;
// Parts of a flow.
mod parts;
// Quotas of clients, and users with passwords.
mod principals;
// Workers that share flows.
mod workers;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Serialize, Serializer};
use strait_replicator_core::lane::StateName;

use crate::flow::{FlowHandle, FoundGroups, PartitionName};

pub use acls::{AclRuleState, AclStatus, AclsState, AclsStatus};
pub use configs::{ConfigState, ConfigStatus, ConfigsStatus};
pub use groups::{GroupPartitionStatus, GroupStatus};
pub use principals::{PrincipalRow, PrincipalState, PrincipalStatus, PrincipalsState, PrincipalsStatus};
pub(crate) use workers::{WorkerHandle, WorkerStatus};

/// All flows by id.
#[derive(Clone, Debug, Default)]
pub struct DaemonStatus {
    flows: Arc<Mutex<BTreeMap<String, FlowStatus>>>,
    workers: Arc<Mutex<BTreeMap<String, WorkerStatus>>>,
}

/// One flow, as REST shows it.
#[derive(Clone, Debug, Serialize)]
pub struct FlowStatus {
    pub id: String,
    pub source: String,
    pub target: String,
    #[serde(serialize_with = "as_name")]
    pub state: StateName,
    pub last_error: Option<String>,
    pub records_total: u64,
    pub bytes_total: u64,
    /// Records that the target may hold twice, where `delivery` is `at_least_once`.
    pub repeated_records_total: u64,
    /// Over the last seconds.
    pub records_per_second: f64,
    pub bytes_per_second: f64,
    pub lag_records: i64,
    /// For how long the partition that is behind longest has been behind.
    pub lag_seconds: f64,
    pub partition_count: usize,
    #[serde(skip)]
    pub partitions: Vec<PartitionStatus>,
    #[serde(skip)]
    pub ledger: Vec<LedgerEntry>,
    #[serde(skip)]
    pub(crate) groups: Arc<FoundGroups>,
    /// Why groups could not be looked at the last time.
    pub groups_error: Option<String>,
    /// Why checkpoints could not be published the last time.
    pub checkpoints_error: Option<String>,
    pub acls: AclsStatus,
    pub configs: ConfigsStatus,
    pub client_quotas: PrincipalsStatus,
    pub scram_users: PrincipalsStatus,
    /// Whom to ask while the flow runs.
    #[serde(skip)]
    pub(crate) handle: Option<FlowHandle>,
    #[serde(skip)]
    parts: parts::Parts,
}

/// One partition, as REST shows it.
#[derive(Clone, Debug, Serialize)]
pub struct PartitionStatus {
    pub topic: String,
    pub partition: i32,
    pub remote_topic: String,
    #[serde(serialize_with = "as_name")]
    pub state: StateName,
    pub detail: String,
    pub position: i64,
    pub source_end: i64,
    pub lag_records: i64,
    pub lag_seconds: f64,
}

/// A range of the source that was not copied, and why.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerEntry {
    pub topic: String,
    pub partition: i32,
    pub reason: String,
    pub first_offset: i64,
    /// -1 when the range has no known end.
    pub last_offset: i64,
    /// Milliseconds since 1970.
    pub at_ms: i64,
}

impl LedgerEntry {
    /// Offsets in the range; none when it has no known end.
    pub fn offsets(&self) -> u64 {
        u64::try_from(self.last_offset - self.first_offset + 1).unwrap_or(0)
    }
}

/// Entries of the ledger kept in memory, newest last.
const LEDGER_ENTRIES: usize = 10_000;

/// One topic of a flow, summed over its partitions.
#[derive(Clone, Debug, Serialize)]
pub struct TopicStatus {
    pub topic: String,
    pub remote_topic: String,
    pub partition_count: usize,
    pub running: usize,
    pub lag_records: i64,
}

impl FlowStatus {
    /// The oldest make room.
    fn extend_ledger(&mut self, entries: impl IntoIterator<Item = LedgerEntry>) {
        self.ledger.extend(entries);
        let too_many = self.ledger.len().saturating_sub(LEDGER_ENTRIES);
        self.ledger.drain(..too_many);
    }

    /// Why something of groups could not be done the last time.
    pub(crate) fn groups_error(&self) -> Option<&str> {
        self.groups_error.as_deref().or(self.checkpoints_error.as_deref())
    }

    pub fn topics(&self) -> Vec<TopicStatus> {
        let mut topics: BTreeMap<&str, TopicStatus> = BTreeMap::new();
        for partition in &self.partitions {
            let topic = topics.entry(&partition.topic).or_insert_with(|| TopicStatus {
                topic: partition.topic.clone(),
                remote_topic: partition.remote_topic.clone(),
                partition_count: 0,
                running: 0,
                lag_records: 0,
            });
            topic.partition_count += 1;
            topic.running += usize::from(partition.state == StateName::Running);
            topic.lag_records += partition.lag_records;
        }
        topics.into_values().collect()
    }
}

impl DaemonStatus {
    pub fn add(&self, id: &str, source: &str, target: &str) {
        let status = FlowStatus {
            id: id.to_owned(),
            source: source.to_owned(),
            target: target.to_owned(),
            state: StateName::Waiting,
            last_error: None,
            records_total: 0,
            bytes_total: 0,
            repeated_records_total: 0,
            records_per_second: 0.0,
            bytes_per_second: 0.0,
            lag_records: 0,
            lag_seconds: 0.0,
            partition_count: 0,
            partitions: Vec::new(),
            ledger: Vec::new(),
            groups: Arc::default(),
            groups_error: None,
            checkpoints_error: None,
            acls: AclsStatus::default(),
            configs: ConfigsStatus::default(),
            client_quotas: PrincipalsStatus::default(),
            scram_users: PrincipalsStatus::default(),
            handle: None,
            parts: parts::Parts::default(),
        };
        self.lock().insert(id.to_owned(), status);
    }

    pub fn flows(&self) -> Vec<FlowStatus> {
        self.lock().values().map(FlowStatus::merged).collect()
    }

    pub fn flow(&self, id: &str) -> Option<FlowStatus> {
        self.lock().get(id).map(FlowStatus::merged)
    }

    /// Changes one flow's status; unknown ids are ignored.
    pub fn update(&self, id: &str, change: impl FnOnce(&mut FlowStatus)) {
        if let Some(flow) = self.lock().get_mut(id) {
            change(flow);
        }
    }

    pub fn record_loss(&self, id: &str, entry: LedgerEntry) {
        self.update(id, |flow| flow.extend_ledger([entry]));
    }

    pub(crate) fn losses_of(&self, id: &str, name: &PartitionName) -> Vec<LedgerEntry> {
        let flows = self.lock();
        let ledger = flows.get(id).map_or(&[][..], |flow| &flow.ledger);
        let of_partition =
            ledger.iter().filter(|entry| entry.topic == name.topic && entry.partition == name.partition);
        of_partition.cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, FlowStatus>> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn as_name<S: Serializer>(state: &StateName, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}
