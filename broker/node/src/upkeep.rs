//! What a broker does by itself: removes what retention lets go, compacts, flushes closed segments, and stores how far
//! logs are on the disk (`LogManager`, `LogCleaner`).

use std::sync::Arc;
use std::time::Duration;

use strait_broker_log::LogError;
use tracing::error;

use crate::broker::Broker;
use crate::environment::now_ms;
use crate::partition::Partition;

/// `log.cleaner.backoff.ms`.
const INTERVAL: Duration = Duration::from_secs(15);
/// Memory for the keys of one cleaning.
const KEY_BYTES: usize = 64 << 20;

/// Works for ever, beside the tasks that answer clients.
pub(crate) async fn run(broker: Arc<Broker>) {
    let mut interval = tokio::time::interval(INTERVAL);
    loop {
        interval.tick().await;
        let broker = broker.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || pass(&broker)).await {
            error!(%error, "upkeep of the logs has ended");
            return;
        }
    }
}

fn pass(broker: &Broker) {
    let places: Vec<(String, i32, Arc<Partition>)> = {
        let catalog = broker.catalog();
        let topics = catalog.topics();
        topics
            .flat_map(|topic| {
                (0..).zip(&topic.partitions).map(|(index, open)| (topic.name.clone(), index, open.clone()))
            })
            .collect()
    };
    for (topic, partition, open) in places {
        if let Err(error) = keep_up(&open) {
            error!(%topic, partition, %error, "upkeep of a log failed");
        }
    }
    if let Err(error) = broker.catalog().checkpoint() {
        error!(%error, "checkpoints can't be written: the next start checks more");
    }
}

fn keep_up(partition: &Partition) -> Result<(), LogError> {
    let now = now_ms();
    partition.apply_retention(now)?;
    partition.flush_closed_segments()?;
    partition.compact(KEY_BYTES, now)
}
