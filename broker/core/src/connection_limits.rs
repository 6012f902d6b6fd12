//! How many connections there may be, and how fast new ones may come (`SocketServer.ConnectionQuotas`).

use std::collections::BTreeMap;

use crate::quota::QuotaRate;

/// The limits of one listener of its own, by Kafka's names with `listener.name.<name>.` before them.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerSettings {
    /// `max.connections`.
    pub max_connections: usize,
    /// `max.connection.creation.rate`, a second.
    pub max_creation_rate: Option<f64>,
}

/// The limits of a broker, by Kafka's names.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionSettings {
    /// `max.connections`: of the broker.
    pub max_connections: usize,
    /// `max.connections.per.ip`.
    pub max_connections_per_ip: usize,
    /// `max.connections.per.ip.overrides`.
    pub per_ip_overrides: BTreeMap<String, usize>,
    /// `max.connection.creation.rate`: of the broker, a second.
    pub max_creation_rate: Option<f64>,
    /// Those listeners that have limits of their own.
    pub listeners: BTreeMap<String, ListenerSettings>,
    /// The listener of brokers among others: limits of the broker as a whole do not hold it up.
    pub protected: Option<String>,
}

impl Default for ConnectionSettings {
    /// Kafka's defaults: no limits.
    fn default() -> Self {
        Self {
            max_connections: i32::MAX as usize,
            max_connections_per_ip: i32::MAX as usize,
            per_ip_overrides: BTreeMap::new(),
            max_creation_rate: None,
            listeners: BTreeMap::new(),
            protected: None,
        }
    }
}

/// What is done with a connection that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is counted; report its end by [`ConnectionLimits::closed`].
    Open,
    /// Its address has too many: close it at once. It is not counted.
    Close,
    /// Its address connects too fast: close it after this time. It is not counted.
    CloseAfter { ms: i64 },
}

/// When the next connection may be accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    Now,
    /// Others come too fast: after this time.
    After {
        ms: i64,
    },
    /// Every slot is taken: after the next connection ended.
    WhenOneEnds,
}

/// Longest delay for connections that come too fast: a window of the quota.
const LONGEST_DELAY_MS: i64 = 1_000;

/// Connections of the broker or of a listener.
#[derive(Clone, Debug, Default)]
struct Count {
    open: usize,
    rate: QuotaRate,
}

impl Count {
    fn acceptance(&mut self, most: usize, rate: Option<f64>, now_ms: i64) -> Acceptance {
        if self.open >= most {
            return Acceptance::WhenOneEnds;
        }
        match rate.map_or(0, |rate| self.rate.throttle_ms(rate, LONGEST_DELAY_MS, now_ms)) {
            0 => Acceptance::Now,
            ms => Acceptance::After { ms },
        }
    }
}

/// The connections of a broker.
#[derive(Clone, Debug, Default)]
pub struct ConnectionLimits {
    settings: ConnectionSettings,
    per_ip: BTreeMap<String, usize>,
    whole: Count,
    listeners: BTreeMap<String, Count>,
    /// Of addresses with a quota only.
    rate_per_ip: BTreeMap<String, QuotaRate>,
}

impl ConnectionLimits {
    pub fn new(settings: ConnectionSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Changes the limits; connections that are open stay.
    pub fn configure(&mut self, settings: ConnectionSettings) {
        self.settings = settings;
    }

    pub fn open_connections(&self) -> usize {
        self.whole.open
    }

    /// Whether a listener may go on with the next connection.
    pub fn acceptance(&mut self, listener: &str, now_ms: i64) -> Acceptance {
        let settings = &self.settings;
        let own = settings.listeners.get(listener).map_or(Acceptance::Now, |limits| {
            let count = self.listeners.entry(listener.to_owned()).or_default();
            count.acceptance(limits.max_connections, limits.max_creation_rate, now_ms)
        });
        if own != Acceptance::Now || settings.protected.as_deref() == Some(listener) {
            return own;
        }
        self.whole.acceptance(settings.max_connections, settings.max_creation_rate, now_ms)
    }

    /// Counts a connection that came to a listener. `ip_rate` is the quota of its address, in connections a second.
    pub fn accepted(&mut self, listener: &str, ip: &str, ip_rate: Option<f64>, now_ms: i64) -> Admission {
        if self.settings.protected.as_deref() != Some(listener) {
            self.whole.rate.record(1.0, now_ms);
        }
        self.listeners.entry(listener.to_owned()).or_default().rate.record(1.0, now_ms);
        let most = self.settings.per_ip_overrides.get(ip).copied();
        if self.per_ip.get(ip).copied().unwrap_or(0) >= most.unwrap_or(self.settings.max_connections_per_ip) {
            return Admission::Close;
        }
        match self.held_back_ms(ip, ip_rate, now_ms) {
            0 => {
                *self.per_ip.entry(ip.to_owned()).or_default() += 1;
                self.listeners.entry(listener.to_owned()).or_default().open += 1;
                self.whole.open += 1;
                Admission::Open
            }
            ms => Admission::CloseAfter { ms },
        }
    }

    fn held_back_ms(&mut self, ip: &str, ip_rate: Option<f64>, now_ms: i64) -> i64 {
        // Addresses that were quiet are forgotten, so that the map stays as small as the traffic.
        self.rate_per_ip.retain(|_, rate| rate.per_second(now_ms) > 0.0);
        let Some(limit) = ip_rate else { return 0 };
        let rate = self.rate_per_ip.entry(ip.to_owned()).or_default();
        rate.record(1.0, now_ms);
        let throttle_ms = rate.throttle_ms(limit, LONGEST_DELAY_MS, now_ms);
        if throttle_ms > 0 {
            // It does not come in, so it does not count.
            rate.record(-1.0, now_ms);
        }
        throttle_ms
    }

    /// A connection that was [`Admission::Open`] ended.
    pub fn closed(&mut self, listener: &str, ip: &str) {
        if let Some(count) = self.per_ip.get_mut(ip) {
            *count -= 1;
            if *count == 0 {
                self.per_ip.remove(ip);
            }
            self.whole.open -= 1;
            if let Some(own) = self.listeners.get_mut(listener) {
                own.open = own.open.saturating_sub(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const L: &str = "PLAINTEXT";

    #[test]
    fn an_address_has_its_number_and_gets_it_back() {
        let per_ip_overrides = BTreeMap::from([("b".to_owned(), 0)]);
        let settings = ConnectionSettings {
            max_connections_per_ip: 1,
            per_ip_overrides,
            ..ConnectionSettings::default()
        };
        let mut limits = ConnectionLimits::new(settings);
        assert_eq!(limits.accepted(L, "a", None, 0), Admission::Open);
        assert_eq!(limits.accepted(L, "a", None, 0), Admission::Close);
        assert_eq!(limits.accepted(L, "b", None, 0), Admission::Close);
        assert_eq!(limits.accepted(L, "c", None, 0), Admission::Open);
        limits.closed(L, "a");
        limits.closed(L, "a");
        limits.closed(L, "never there");
        assert_eq!(limits.open_connections(), 1);
        assert_eq!(limits.accepted(L, "a", None, 0), Admission::Open);
    }

    #[test]
    fn the_acceptor_waits_for_a_slot() {
        let settings = ConnectionSettings { max_connections: 1, ..ConnectionSettings::default() };
        let mut limits = ConnectionLimits::new(settings);
        assert_eq!(limits.acceptance(L, 0), Acceptance::Now);
        assert_eq!(limits.accepted(L, "a", None, 0), Admission::Open);
        assert_eq!(limits.acceptance(L, 0), Acceptance::WhenOneEnds);
        limits.closed(L, "a");
        assert_eq!(limits.acceptance(L, 0), Acceptance::Now);
    }

    #[test]
    fn who_connects_too_fast_is_held_back() {
        let settings = ConnectionSettings { max_creation_rate: Some(1.0), ..ConnectionSettings::default() };
        let mut limits = ConnectionLimits::new(settings);
        for _ in 0..10 {
            assert_eq!(limits.acceptance(L, 0), Acceptance::Now);
            assert_eq!(limits.accepted(L, "a", None, 0), Admission::Open);
        }
        assert_eq!(limits.accepted(L, "a", None, 0), Admission::Open);
        assert_eq!(limits.acceptance(L, 0), Acceptance::After { ms: 1_000 });
        assert_eq!(limits.acceptance(L, 2_000), Acceptance::After { ms: 1_000 });
        assert_eq!(limits.acceptance(L, 11_000), Acceptance::Now);
        let mut limits = ConnectionLimits::default();
        assert_eq!(limits.accepted(L, "a", Some(0.1), 0), Admission::Open);
        assert_eq!(limits.accepted(L, "a", Some(0.1), 0), Admission::CloseAfter { ms: 1_000 });
        assert_eq!(limits.accepted(L, "b", None, 0), Admission::Open);
        assert_eq!(limits.open_connections(), 2);
    }

    #[test]
    fn a_listener_has_its_own_number_and_the_listener_of_brokers_is_not_held_up_by_clients() {
        let own = ListenerSettings { max_connections: 1, max_creation_rate: None };
        let settings = ConnectionSettings {
            max_connections: 2,
            listeners: BTreeMap::from([("SASL".to_owned(), own)]),
            protected: Some("BROKERS".to_owned()),
            ..ConnectionSettings::default()
        };
        let mut limits = ConnectionLimits::new(settings);
        assert_eq!(limits.accepted("SASL", "a", None, 0), Admission::Open);
        assert_eq!(limits.acceptance("SASL", 0), Acceptance::WhenOneEnds);
        assert_eq!(limits.acceptance(L, 0), Acceptance::Now);
        assert_eq!(limits.accepted(L, "a", None, 0), Admission::Open);
        assert_eq!(limits.acceptance(L, 0), Acceptance::WhenOneEnds);
        assert_eq!(limits.acceptance("BROKERS", 0), Acceptance::Now);
        limits.closed("SASL", "a");
        assert_eq!(limits.acceptance("SASL", 0), Acceptance::Now);
        assert_eq!(limits.acceptance(L, 0), Acceptance::Now);
    }
}
