//! From the start of a broker's process on an empty folder to its first acknowledged record.

use std::time::Duration;

use bytes::Bytes;

use super::BrokerOptions;
use super::report::BrokerStart;
use super::running::{BrokerKind, RunningBroker};
use crate::clusters::connect;
use crate::dataset::single;
use crate::error::BenchError;
use crate::peers::Peers;
use crate::topic::Topic;

/// How long a broker is left alone before its memory is looked at.
const SETTLE: Duration = Duration::from_secs(3);

/// Starts a broker, produces one record, and looks at its memory when nobody uses it. Ends the broker.
pub(super) async fn measure(
    options: &BrokerOptions,
    peers: &Peers,
    broker: BrokerKind,
) -> Result<BrokerStart, BenchError> {
    let running = RunningBroker::start(broker, peers, options)?;
    let cluster = connect(&running.address, options.setup.limit).await?;
    let topic = Topic::create(&cluster, "bench-start", 1).await?;
    let batch = single(None, &Bytes::from_static(b"first"))?;
    topic.produced(topic.produce(vec![(0, batch)])?.await?)?;
    let first_record_seconds = running.age_seconds()?;
    drop(topic);
    tokio::time::sleep(SETTLE).await;
    let idle_resident_bytes = running.resident_bytes()? as f64;
    Ok(BrokerStart { broker, first_record_seconds, idle_resident_bytes })
}
