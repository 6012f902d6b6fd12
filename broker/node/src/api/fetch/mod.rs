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
use crate::dispatch::Answer;
use crate::memory::AnswerShare;
use crate::partition::{Isolation, Waiter};

use answer::{Budget, Found};
use wanted::Fetch;

/// A client that asks for more waits this long at most and asks again.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

pub(crate) async fn handle(call: &Call, request: FetchRequest) -> Answer<FetchResponse> {
    let limits = Limits::of(call, &request);
    let fetch = match wanted::fetch(call, request) {
        Ok(fetch) => fetch,
        Err(error) => return FetchResponse { error_code: error.0, ..Default::default() }.into(),
    };
    let (found, share) = wait(call, &fetch, &limits).await;
    let bytes = found.iter().map(Found::size).sum();
    match throttle_ms(call, bytes) {
        0 => {
            let (response, files) = fetch.respond(call, found);
            call.node.fetched.count(bytes, files.iter().map(|file| file.length).sum());
            Answer::Large(response, files, share)
        }
        throttle_ms => fetch.put_off(call, throttle_ms).into(),
    }
}

/// For how long the client is held back, before it is given anything.
fn throttle_ms(call: &Call, bytes: usize) -> i32 {
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

async fn wait(call: &Call, fetch: &Fetch, limits: &Limits) -> (Vec<Found>, AnswerShare) {
    let first = Read::of(call, fetch, limits);
    if first.is_enough {
        return (first.found, first.share);
    }
    // Memory is not held while waiting.
    drop(first);
    let waiter = Arc::new(Waiter::default());
    // Before the next read, so that nothing that comes after it is missed.
    let _waiting: Vec<_> = fetch.partitions().map(|partition| partition.wait(&waiter)).collect();
    loop {
        let Read { found, share, is_enough } = Read::of(call, fetch, limits);
        if is_enough {
            return (found, share);
        }
        let is_over = tokio::select! {
            changed = timeout_at(limits.deadline, waiter.changed()) => changed.is_err(),
            () = call.node.stopped() => true,
        };
        if is_over {
            return (found, share);
        }
    }
}

/// What all partitions gave at one moment.
struct Read {
    found: Vec<Found>,
    share: AnswerShare,
    /// The answer need not wait for more.
    is_enough: bool,
}

impl Read {
    fn of(call: &Call, fetch: &Fetch, limits: &Limits) -> Self {
        let mut share = call.node.answer_memory.take_up_to(limits.max_bytes);
        let mut budget = Budget::new(share.bytes());
        let found: Vec<Found> =
            fetch.wanted().map(|wanted| answer::read(call, wanted, limits.isolation, &mut budget)).collect();
        // Where memory is short, any batch is enough.
        let enough = limits.min_bytes.min(share.bytes().max(1));
        share.resize(budget.used);
        let is_enough = budget.used >= enough || found.iter().any(Found::is_error) || fetch.is_empty();
        Self { found, share, is_enough }
    }
}
