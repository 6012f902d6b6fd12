//! What all connections of a broker share.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::access::Access;
use crate::controller::{ChangeError, Controller};
use crate::decompressors::Decompressors;
use crate::fetch_session::FetchSessions;
use crate::groups::GroupCoordinator;
use crate::memory::{AnswerMemory, RequestMemory};
use crate::metrics::{FetchedBytes, RequestCounts};
use crate::quotas::ClientQuotas;
use crate::settings::Settings;
use crate::topics::Topics;
use crate::transactions::TransactionCoordinator;

/// A running broker.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) settings: Arc<Settings>,
    pub(crate) cluster_id: String,
    pub(crate) id: i32,
    pub(crate) controller: Controller,
    pub(crate) access: Arc<Access>,
    pub(crate) quotas: Arc<ClientQuotas>,
    pub(crate) topics: Arc<Topics>,
    pub(crate) fetch_sessions: FetchSessions,
    pub(crate) groups: GroupCoordinator,
    pub(crate) transactions: TransactionCoordinator,
    pub(crate) requests: RequestCounts,
    pub(crate) fetched: FetchedBytes,
    pub(crate) request_memory: Arc<RequestMemory>,
    pub(crate) answer_memory: Arc<AnswerMemory>,
    pub(crate) decompressors: Decompressors,
    producer_ids: Mutex<Range<i64>>,
    stopping: watch::Sender<bool>,
}

impl Node {
    pub(crate) fn new(settings: Arc<Settings>, cluster_id: String, controller: Controller) -> Self {
        Self {
            cluster_id,
            id: settings.node_id(),
            fetch_sessions: FetchSessions::new(settings.size("max.incremental.fetch.session.cache.slots")),
            groups: GroupCoordinator::new(&settings, controller.topics(), controller.group_configs()),
            transactions: TransactionCoordinator::new(&settings),
            topics: Arc::clone(controller.topics()),
            access: Arc::clone(controller.access()),
            quotas: Arc::clone(controller.quotas()),
            controller,
            request_memory: Arc::new(RequestMemory::new(&settings)),
            answer_memory: Arc::new(AnswerMemory::new(&settings)),
            settings,
            requests: RequestCounts::default(),
            fetched: FetchedBytes::default(),
            decompressors: Decompressors::default(),
            producer_ids: Mutex::new(0..0),
            stopping: watch::Sender::new(false),
        }
    }

    /// From now on nobody waits for anything, and clients are told to go elsewhere.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Completes when the broker stops.
    pub(crate) async fn stopped(&self) {
        // The sender lives as long as the broker.
        let _ = self.stopping.subscribe().wait_for(|stops| *stops).await;
    }

    /// Removes folders of deleted partitions after a while. Those that are left at a stop are removed at the next start.
    pub(crate) fn remove_later(self: &Arc<Self>, folders: Vec<PathBuf>, delay: Duration) {
        let node = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            blocking(|| folders.iter().for_each(|folder| node.controller.remove_folder(folder)));
        });
    }

    /// A producer id that nobody had before.
    pub(crate) fn next_producer_id(&self) -> Result<i64, ChangeError> {
        let mut ids = self.producer_ids.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = ids.next() {
            return Ok(id);
        }
        *ids = blocking(|| self.controller.allocate_producer_ids())?;
        ids.next().ok_or(ChangeError::InvalidRequest { reason: "no producer id is left".to_owned() })
    }
}

/// Work that flushes to disk: other tasks of this thread go on elsewhere meanwhile.
pub(crate) fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}
