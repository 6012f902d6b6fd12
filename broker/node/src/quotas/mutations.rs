//! Partitions that a request makes or removes (`ControllerMutationQuota`).

use std::sync::{Mutex, PoisonError};

use strait_broker_core::quota::{Mutation, QuotaKind};

use crate::call::Call;
use crate::clock::now_ms;
use crate::controller::ChangeError;

/// The quota of one request.
#[derive(Debug)]
pub(crate) struct Mutations<'a> {
    call: &'a Call,
    is_strict: bool,
    /// Until when the client is held back.
    until_ms: Mutex<i64>,
}

impl<'a> Mutations<'a> {
    /// `strict_since` is the first version whose clients know that a change may be refused.
    pub(crate) fn new(call: &'a Call, strict_since: i16) -> Self {
        Self { call, is_strict: call.version >= strict_since, until_ms: Mutex::new(0) }
    }

    /// Asks for partitions, which may be too many.
    pub(crate) fn ask(&self, partitions: usize) -> Result<(), ChangeError> {
        let quotas = &self.call.node.quotas;
        if !quotas.has(QuotaKind::ControllerMutationRate) {
            return Ok(());
        }
        let (client, now_ms) = (self.call.quota_client(), now_ms());
        let outcome = quotas.usage().mutate(client, partitions as f64, self.is_strict, now_ms);
        let (throttle_ms, allowed) = match outcome {
            Mutation::Made { throttle_ms } => (throttle_ms, Ok(())),
            Mutation::Refused { throttle_ms } => (throttle_ms, Err(ChangeError::Throttled)),
        };
        if throttle_ms > 0 {
            *self.until_ms.lock().unwrap_or_else(PoisonError::into_inner) =
                now_ms.saturating_add(throttle_ms);
        }
        allowed
    }

    /// For how long the client is held back from now on.
    pub(crate) fn throttle_ms(&self) -> i32 {
        let until_ms = *self.until_ms.lock().unwrap_or_else(PoisonError::into_inner);
        i32::try_from(until_ms.saturating_sub(now_ms()).max(0)).unwrap_or(i32::MAX)
    }
}
