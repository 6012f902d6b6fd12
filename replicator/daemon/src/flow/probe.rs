//! What the target remembers, asked at the start of a flow.

use std::time::Duration;

use strait_client::{ClientError, Cluster};
use tracing::{info, warn};

use crate::configuration::{Delivery, Flow};

/// Since Kafka 3.4; before, producers were forgotten with transactional ids.
const PRODUCER_EXPIRATION: &str = "producer.id.expiration.ms";
const TRANSACTIONAL_EXPIRATION: &str = "transactional.id.expiration.ms";
/// Kafka's default of the first.
const DEFAULT_EXPIRATION_MS: i64 = 24 * 60 * 60 * 1_000;
/// Bound of the questions: a broker that is down must not hold up the flow.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Debug, thiserror::Error)]
enum ProbeError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("not answered within {TIMEOUT:?}")]
    Timeout(#[from] tokio::time::error::Elapsed),
}

/// From which age on records go in transactions, in milliseconds: half of the shortest time after which a broker of
/// the target forgets a producer, by the time of its records; at most half a day. Where age decides nothing, 0.
pub(super) async fn old_after_ms(flow: &Flow, target: &Cluster) -> i64 {
    if flow.delivery != Delivery::ExactlyOnce {
        return 0;
    }
    let flow = flow.id();
    let expiration_ms = match expiration_ms(target).await {
        Ok(found) => found.unwrap_or(DEFAULT_EXPIRATION_MS),
        Err(error) => {
            warn!(
                flow, %error, assumed_ms = DEFAULT_EXPIRATION_MS,
                "the target does not tell {PRODUCER_EXPIRATION}: where it is shorter, a restart may copy records twice"
            );
            DEFAULT_EXPIRATION_MS
        }
    };
    let old_after_ms = expiration_ms.min(DEFAULT_EXPIRATION_MS) / 2;
    info!(flow, expiration_ms, old_after_ms, "older records go in transactions");
    old_after_ms
}

async fn expiration_ms(target: &Cluster) -> Result<Option<i64>, ProbeError> {
    let mut shortest = None;
    for id in target.metadata().await.brokers.keys() {
        let names = [PRODUCER_EXPIRATION, TRANSACTIONAL_EXPIRATION];
        let values = tokio::time::timeout(TIMEOUT, target.describe_broker_configs(*id, &names)).await??;
        let value = values.get(PRODUCER_EXPIRATION).or_else(|| values.get(TRANSACTIONAL_EXPIRATION));
        let value: Option<i64> = value.and_then(|value| value.parse().ok());
        shortest = [shortest, value].into_iter().flatten().min();
    }
    Ok(shortest)
}
