//! What clients used lately, against their quotas (`ClientQuotaManager`, `ControllerMutationQuotaManager`).

use std::collections::BTreeMap;

use super::entity::{Entity, QuotaKind};
use super::rate::{QuotaRate, WINDOW_MS, WINDOWS};
use super::store::{AppliedQuota, Quotas};
use super::token_bucket::TokenBucket;

/// Most clients that are measured one by one; those beyond share a measure.
const MOST_CLIENTS: usize = 10_000;
/// Clients that are idle are forgotten at most this often.
const SWEEP_MS: i64 = 1_000;

/// Who sent a request.
#[derive(Clone, Copy, Debug)]
pub struct QuotaClient<'a> {
    /// The name of the principal.
    pub user: &'a str,
    pub client_id: &'a str,
}

/// What follows from changes of topics that a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// They are made, and the client is held back so long.
    Made { throttle_ms: i64 },
    /// They are not made: the client may come again after this time.
    Refused { throttle_ms: i64 },
}

/// Measures by those who share them.
#[derive(Clone, Debug, Default)]
struct Measures<T> {
    by_client: BTreeMap<Entity, T>,
    swept_ms: i64,
}

impl<T: Default> Measures<T> {
    fn of(&mut self, client: Entity, now_ms: i64, is_idle: impl Fn(&T) -> bool) -> &mut T {
        let is_full = |measures: &Self| measures.by_client.len() >= MOST_CLIENTS;
        let mut client = client;
        if is_full(self) && !self.by_client.contains_key(&client) {
            if now_ms.saturating_sub(self.swept_ms) >= SWEEP_MS {
                self.by_client.retain(|_, measure| !is_idle(measure));
                self.swept_ms = now_ms;
            }
            if is_full(self) {
                client = Entity::default();
            }
        }
        self.by_client.entry(client).or_default()
    }
}

/// All quotas with what was used of them.
#[derive(Clone, Debug, Default)]
pub struct QuotaUsage {
    quotas: Quotas,
    rates: BTreeMap<QuotaKind, Measures<QuotaRate>>,
    mutations: Measures<TokenBucket>,
}

impl QuotaUsage {
    /// Puts quotas in force.
    pub fn set_quotas(&mut self, quotas: Quotas) {
        self.quotas = quotas;
    }

    fn applied(&self, kind: QuotaKind, client: QuotaClient<'_>) -> Option<AppliedQuota> {
        self.quotas.of_client(client.user, client.client_id, kind)
    }

    fn measured(
        &mut self,
        kind: QuotaKind,
        client: QuotaClient<'_>,
        now_ms: i64,
    ) -> Option<(f64, &mut QuotaRate)> {
        let AppliedQuota { limit, shared_by } = self.applied(kind, client)?;
        let measures = self.rates.entry(kind).or_default();
        Some((limit, measures.of(shared_by, now_ms, |rate| rate.is_idle(now_ms))))
    }

    /// Notes that something was used, or given back by a negative amount.
    pub fn note(&mut self, kind: QuotaKind, client: QuotaClient<'_>, amount: f64, now_ms: i64) {
        if let Some((_, rate)) = self.measured(kind, client, now_ms) {
            rate.record(amount, now_ms);
        }
    }

    /// The same; gives the milliseconds for which the client is held back.
    pub fn record(&mut self, kind: QuotaKind, client: QuotaClient<'_>, amount: f64, now_ms: i64) -> i64 {
        // `ClientRequestQuotaManager`: at most one window.
        let longest_ms = if kind == QuotaKind::RequestPercentage { WINDOW_MS } else { i64::MAX };
        let Some((limit, rate)) = self.measured(kind, client, now_ms) else { return 0 };
        rate.record(amount, now_ms);
        rate.throttle_ms(limit, longest_ms, now_ms)
    }

    /// What a client may use at once without being held back for sure.
    pub fn largest(&self, kind: QuotaKind, client: QuotaClient<'_>) -> Option<f64> {
        let seconds = (WINDOWS as i64 - 1) * WINDOW_MS / 1_000;
        self.applied(kind, client).map(|applied| applied.limit * seconds as f64)
    }

    /// Takes permits for partitions that are made or removed. Strict: nothing is made while permits are owed; else the
    /// client is held back afterwards.
    pub fn mutate(
        &mut self,
        client: QuotaClient<'_>,
        partitions: f64,
        is_strict: bool,
        now_ms: i64,
    ) -> Mutation {
        let Some(AppliedQuota { limit, shared_by }) = self.applied(QuotaKind::ControllerMutationRate, client)
        else {
            return Mutation::Made { throttle_ms: 0 };
        };
        let bucket = self.mutations.of(shared_by, now_ms, |bucket| bucket.is_full(limit, now_ms));
        match bucket.throttle_ms(limit, now_ms) {
            throttle_ms if is_strict && throttle_ms > 0 => Mutation::Refused { throttle_ms },
            _ => {
                bucket.take(partitions, limit, now_ms);
                let throttle_ms = if is_strict { 0 } else { bucket.throttle_ms(limit, now_ms) };
                Mutation::Made { throttle_ms }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entity::Part;
    use super::*;

    const CLIENT: QuotaClient<'_> = QuotaClient { user: "u", client_id: "c" };

    fn usage(kind: QuotaKind, limit: f64) -> QuotaUsage {
        let mut quotas = Quotas::default();
        quotas.set(Entity { client_id: Some(Part::Default), ..Entity::default() }, kind, Some(limit));
        let mut usage = QuotaUsage::default();
        usage.set_quotas(quotas);
        usage
    }

    #[test]
    fn who_uses_too_much_is_held_back() {
        let kind = QuotaKind::ConsumerByteRate;
        let mut usage = usage(kind, 1_000.0);
        assert_eq!(usage.largest(kind, CLIENT), Some(10_000.0));
        assert_eq!(usage.record(kind, CLIENT, 10_000.0, 0), 0);
        assert_eq!(usage.record(kind, CLIENT, 1_000.0, 0), 1_000);
        usage.note(kind, CLIENT, -1_000.0, 0);
        assert_eq!(usage.record(kind, CLIENT, 0.0, 0), 0, "what was given back does not count");
        let other = QuotaClient { client_id: "d", ..CLIENT };
        assert_eq!(usage.record(kind, other, 10_000.0, 0), 0, "each client id has its own");
        assert_eq!(usage.record(QuotaKind::ProducerByteRate, CLIENT, 1e9, 0), 0);
        usage.set_quotas(Quotas::default());
        assert_eq!(usage.record(kind, CLIENT, 1e9, 0), 0);
    }

    #[test]
    fn requests_are_held_back_for_a_window_at_most() {
        let kind = QuotaKind::RequestPercentage;
        assert_eq!(usage(kind, 1.0).record(kind, CLIENT, 1_000.0, 0), 1_000);
    }

    #[test]
    fn strict_changes_stop_and_others_wait() {
        let kind = QuotaKind::ControllerMutationRate;
        let mut strict = usage(kind, 1.0);
        let made = Mutation::Made { throttle_ms: 0 };
        // A burst of 11, and one request may go beyond it.
        assert_eq!(strict.mutate(CLIENT, 11.0, true, 0), made);
        assert_eq!(strict.mutate(CLIENT, 5.0, true, 0), made);
        assert_eq!(strict.mutate(CLIENT, 1.0, true, 0), Mutation::Refused { throttle_ms: 5_000 });
        assert_eq!(strict.mutate(CLIENT, 1.0, true, 4_000), Mutation::Refused { throttle_ms: 1_000 });
        assert_eq!(strict.mutate(CLIENT, 1.0, true, 5_000), made);
        let mut permissive = usage(kind, 1.0);
        assert_eq!(permissive.mutate(CLIENT, 16.0, false, 0), Mutation::Made { throttle_ms: 5_000 });
        assert_eq!(permissive.mutate(CLIENT, 1.0, false, 0), Mutation::Made { throttle_ms: 6_000 });
    }

    #[test]
    fn clients_without_end_are_measured_in_bounded_room() {
        let kind = QuotaKind::ProducerByteRate;
        let mut usage = usage(kind, 1.0);
        for number in 0..3 * MOST_CLIENTS {
            let client_id = number.to_string();
            usage.record(kind, QuotaClient { user: "u", client_id: &client_id }, 1.0, 1_000);
        }
        assert_eq!(usage.rates[&kind].by_client.len(), MOST_CLIENTS + 1);
        let throttle_ms = usage.record(kind, QuotaClient { client_id: "one more", ..CLIENT }, 1.0, 1_000);
        assert!(throttle_ms > 1_000_000, "they share a measure: {throttle_ms}");
        assert_eq!(usage.record(kind, QuotaClient { client_id: "later", ..CLIENT }, 1.0, 60_000), 0);
        assert_eq!(usage.rates[&kind].by_client.len(), 1, "who is idle is forgotten");
    }
}
