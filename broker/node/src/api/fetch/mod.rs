//! Fetch (1), versions 4 to 17. The answer waits until enough can be read, an error shows, or the time is over.

// What a request asks for, with its session.
mod wanted;
// The partitions of an answer.
mod answer;

use std::sync::Arc;
use std::time::Duration;

use strait_broker_core::quota::QuotaKind;
use strait_wire::message::fetch::{FetchRequest, FetchResponse};
use tokio::time::{Instant, timeout_at};

use crate::call::Call;
use crate::partition::{Isolation, Waiter};

use answer::{Budget, Found};
use wanted::Fetch;

/// A client that asks for more waits this long at most and asks again.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

pub(crate) async fn handle(call: &Call, request: FetchRequest) -> FetchResponse {
    let limits = Limits::of(call, &request);
    let fetch = match wanted::fetch(call, request) {
        Ok(fetch) => fetch,
        Err(error) => return FetchResponse { error_code: error.0, ..Default::default() },
    };
    let found = wait(call, &fetch, &limits).await;
    match throttle_ms(call, &found) {
        0 => fetch.respond(call, found),
        throttle_ms => fetch.put_off(call, throttle_ms),
    }
}

/// For how long the client is held back, before it is given anything.
fn throttle_ms(call: &Call, found: &[Found]) -> i32 {
    let bytes = found.iter().map(Found::size).sum();
    let by_bytes = call.used(QuotaKind::ConsumerByteRate, bytes);
    let throttle_ms = by_bytes.max(call.request_throttle_ms());
    if throttle_ms > 0 {
        call.gave_back(QuotaKind::ConsumerByteRate, bytes);
    }
    throttle_ms
}

struct Limits {
    isolation: Isolation,
    min_bytes: usize,
    max_bytes: usize,
    deadline: Instant,
}

impl Limits {
    fn of(call: &Call, request: &FetchRequest) -> Self {
        let largest = call.node.settings.size("fetch.max.bytes");
        let max_bytes = usize::try_from(request.max_bytes).unwrap_or(0).min(largest);
        let max_bytes = max_bytes.min(call.largest(QuotaKind::ConsumerByteRate));
        let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0)).min(LONGEST_WAIT);
        Self {
            isolation: if request.isolation_level == 1 {
                Isolation::Committed
            } else {
                Isolation::Uncommitted
            },
            min_bytes: usize::try_from(request.min_bytes).unwrap_or(0).min(max_bytes),
            max_bytes,
            deadline: Instant::now() + wait,
        }
    }
}

async fn wait(call: &Call, fetch: &Fetch, limits: &Limits) -> Vec<Found> {
    let waiter = Arc::new(Waiter::default());
    // Before the first read, so that nothing that comes after it is missed.
    let _waiting: Vec<_> = fetch.partitions().map(|partition| partition.wait(&waiter)).collect();
    loop {
        let mut budget = Budget::new(limits.max_bytes);
        let found: Vec<Found> = fetch
            .wanted()
            .map(|wanted| answer::read(call.version, wanted, limits.isolation, &mut budget))
            .collect();
        let is_enough = budget.used >= limits.min_bytes || found.iter().any(Found::is_error);
        if is_enough || fetch.is_empty() {
            return found;
        }
        if timeout_at(limits.deadline, waiter.changed()).await.is_err() {
            return found;
        }
    }
}
