//! How many connections there may be, and how fast new ones may come (`SocketServer.ConnectionQuotas`).

use std::collections::BTreeMap;

use crate::quota::QuotaRate;

/// The limits of one listener, by Kafka's names.
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
}

impl Default for ConnectionSettings {
    /// Kafka's defaults: no limits.
    fn default() -> Self {
        Self {
            max_connections: i32::MAX as usize,
            max_connections_per_ip: i32::MAX as usize,
            per_ip_overrides: BTreeMap::new(),
            max_creation_rate: None,
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

/// The connections of a broker.
#[derive(Clone, Debug, Default)]
pub struct ConnectionLimits {
    settings: ConnectionSettings,
    per_ip: BTreeMap<String, usize>,
    open: usize,
    rate: QuotaRate,
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
        self.open
    }

    /// Whether the acceptor may accept.
    pub fn acceptance(&mut self, now_ms: i64) -> Acceptance {
        if self.open >= self.settings.max_connections {
            return Acceptance::WhenOneEnds;
        }
        let limit = self.settings.max_creation_rate;
        match limit.map_or(0, |limit| self.rate.throttle_ms(limit, LONGEST_DELAY_MS, now_ms)) {
            0 => Acceptance::Now,
            ms => Acceptance::After { ms },
        }
    }

    /// Counts a connection that was accepted. `ip_rate` is the quota of its address, in connections a second.
    pub fn accepted(&mut self, ip: &str, ip_rate: Option<f64>, now_ms: i64) -> Admission {
        self.rate.record(1.0, now_ms);
        let most = self.settings.per_ip_overrides.get(ip).copied();
        if self.per_ip.get(ip).copied().unwrap_or(0) >= most.unwrap_or(self.settings.max_connections_per_ip) {
            return Admission::Close;
        }
        match self.held_back_ms(ip, ip_rate, now_ms) {
            0 => {
                *self.per_ip.entry(ip.to_owned()).or_default() += 1;
                self.open += 1;
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
        rate.throttle_ms(limit, LONGEST_DELAY_MS, now_ms)
    }

    /// A connection that was [`Admission::Open`] ended.
    pub fn closed(&mut self, ip: &str) {
        if let Some(count) = self.per_ip.get_mut(ip) {
            *count -= 1;
            if *count == 0 {
                self.per_ip.remove(ip);
            }
            self.open -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_number_and_gets_it_back() {
        let per_ip_overrides = BTreeMap::from([("b".to_owned(), 0)]);
        let settings = ConnectionSettings {
            max_connections_per_ip: 1,
            per_ip_overrides,
            ..ConnectionSettings::default()
        };
        let mut limits = ConnectionLimits::new(settings);
        assert_eq!(limits.accepted("a", None, 0), Admission::Open);
        assert_eq!(limits.accepted("a", None, 0), Admission::Close);
        assert_eq!(limits.accepted("b", None, 0), Admission::Close);
        assert_eq!(limits.accepted("c", None, 0), Admission::Open);
        limits.closed("a");
        limits.closed("a");
        limits.closed("never there");
        assert_eq!(limits.open_connections(), 1);
        assert_eq!(limits.accepted("a", None, 0), Admission::Open);
    }

    #[test]
    fn the_acceptor_waits_for_a_slot() {
        let settings = ConnectionSettings { max_connections: 1, ..ConnectionSettings::default() };
        let mut limits = ConnectionLimits::new(settings);
        assert_eq!(limits.acceptance(0), Acceptance::Now);
        assert_eq!(limits.accepted("a", None, 0), Admission::Open);
        assert_eq!(limits.acceptance(0), Acceptance::WhenOneEnds);
        limits.closed("a");
        assert_eq!(limits.acceptance(0), Acceptance::Now);
    }

    #[test]
    fn who_connects_too_fast_is_held_back() {
        let settings = ConnectionSettings { max_creation_rate: Some(1.0), ..ConnectionSettings::default() };
        let mut limits = ConnectionLimits::new(settings);
        for _ in 0..10 {
            assert_eq!(limits.acceptance(0), Acceptance::Now);
            assert_eq!(limits.accepted("a", None, 0), Admission::Open);
        }
        assert_eq!(limits.accepted("a", None, 0), Admission::Open);
        assert_eq!(limits.acceptance(0), Acceptance::After { ms: 1_000 });
        assert_eq!(limits.acceptance(2_000), Acceptance::After { ms: 1_000 });
        assert_eq!(limits.acceptance(11_000), Acceptance::Now);
        let mut limits = ConnectionLimits::default();
        assert_eq!(limits.accepted("a", Some(0.1), 0), Admission::Open);
        assert_eq!(limits.accepted("a", Some(0.1), 0), Admission::CloseAfter { ms: 1_000 });
        assert_eq!(limits.accepted("b", None, 0), Admission::Open);
        assert_eq!(limits.open_connections(), 2);
    }
}
