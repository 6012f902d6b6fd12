//! A look at the state topic now and then: who gives signs of life, and what was asked of this worker.

use std::time::Duration;

use strait_client::Cluster;
use strait_replicator_core::state_record::{Key, Value};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use super::{GroupError, WorkerParts};
use crate::state_topic::{Isolation, StateTopic, StateView};
use crate::status::WorkerHandle;

const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Looks for ever. `asked` is told whether the worker is to give up its shares.
pub(super) async fn observe(parts: &WorkerParts, asked: watch::Sender<bool>) {
    let mut said = None;
    loop {
        if let Err(error) = look(parts, &asked).await {
            let reason = error.to_string();
            if said.as_ref() != Some(&reason) {
                warn!(group = %parts.group, error = reason, "the state topic can't be followed, retrying");
                said = Some(reason);
            }
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Looks until something fails.
async fn look(parts: &WorkerParts, asked: &watch::Sender<bool>) -> Result<(), GroupError> {
    let cluster = Cluster::connect(parts.target.client_config()).await?;
    let state = StateTopic::open(cluster.clone(), parts.replication_factor, parts.store.clone()).await?;
    let handle = WorkerHandle { cluster, state: state.clone() };
    parts.status.update_worker(&parts.alias, |worker| worker.handle = Some(handle));
    let mut view = StateView::default();
    let key = Key::Worker { group: parts.group.clone(), instance: parts.instance.clone() };
    state.catch_up(&mut view, Isolation::OutsideTransactions).await?;
    if view.state.get(&key).is_some() && !*asked.borrow() {
        // It was asked of an earlier process.
        state.remove(std::slice::from_ref(&key)).await?;
    }
    loop {
        let looked_at = Instant::now();
        state.catch_up(&mut view, Isolation::OutsideTransactions).await?;
        parts.witness.look(&view.state, looked_at);
        let is_draining = matches!(view.state.get(&key), Some(Value::Worker { is_draining: true }));
        if asked.send_if_modified(|known| std::mem::replace(known, is_draining) != is_draining) {
            info!(group = %parts.group, instance = %parts.instance, is_draining, "what is asked of this worker changed");
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
