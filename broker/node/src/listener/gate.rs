//! Counts connections. Whoever holds a place gives it back by dropping it, on every way out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strait_broker_core::connection_limits::{
    Acceptance, Admission, ConnectionLimits, ConnectionSettings, ListenerSettings,
};
use tokio::sync::Notify;

use crate::clock::now_ms;
use crate::settings::{Listener, SettingError, Settings};

const MOST: &str = "max.connections";
const RATE: &str = "max.connection.creation.rate";
const PER_IP: &str = "max.connections.per.ip";
const OVERRIDES: &str = "max.connections.per.ip.overrides";

/// All connections of a broker, counted.
#[derive(Debug)]
pub(crate) struct Gate {
    limits: Mutex<ConnectionLimits>,
    one_ended: Notify,
}

/// The right to be connected.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    listener: String,
    ip: String,
}

/// What becomes of a connection that was accepted.
#[derive(Debug)]
pub(crate) enum Entry {
    Open(Place),
    Close,
    /// It is held for a while first, so that who comes too fast waits.
    CloseAfter(Duration),
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.limits().closed(&self.listener, &self.ip);
        self.gate.one_ended.notify_waiters();
    }
}

impl Gate {
    /// # Errors
    /// Exceptions for addresses that can't be read.
    pub(crate) fn new(settings: &Settings, listeners: &[Listener]) -> Result<Self, SettingError> {
        let limits = Mutex::new(ConnectionLimits::new(limits(settings, listeners)?));
        Ok(Self { limits, one_ended: Notify::new() })
    }

    fn limits(&self) -> MutexGuard<'_, ConnectionLimits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for a connection that was accepted. `ip_rate` is what its address may make in a second.
    pub(crate) async fn enter(self: &Arc<Self>, listener: &str, ip: IpAddr, ip_rate: Option<f64>) -> Entry {
        let ip = ip.to_string();
        loop {
            let ended = self.one_ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            match self.try_enter(listener, &ip, ip_rate) {
                (Acceptance::Now, Some(Admission::Open)) => {
                    let (gate, listener) = (Arc::clone(self), listener.to_owned());
                    return Entry::Open(Place { gate, listener, ip });
                }
                (Acceptance::Now, Some(Admission::CloseAfter { ms })) => {
                    tracing::debug!(listener, ip, ms, "connections come too fast from this address");
                    return Entry::CloseAfter(Duration::from_millis(ms.unsigned_abs()));
                }
                (Acceptance::Now, _) => {
                    tracing::info!(listener, ip, "too many connections from this address");
                    return Entry::Close;
                }
                (Acceptance::After { ms }, _) => {
                    tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())).await;
                }
                (Acceptance::WhenOneEnds, _) => ended.await,
            }
        }
    }

    fn try_enter(&self, listener: &str, ip: &str, ip_rate: Option<f64>) -> (Acceptance, Option<Admission>) {
        let (mut limits, now_ms) = (self.limits(), now_ms());
        match limits.acceptance(listener, now_ms) {
            Acceptance::Now => (Acceptance::Now, Some(limits.accepted(listener, ip, ip_rate, now_ms))),
            wait => (wait, None),
        }
    }

    #[cfg(test)]
    pub(crate) fn open_connections(&self) -> usize {
        self.limits().open_connections()
    }
}

fn limits(settings: &Settings, listeners: &[Listener]) -> Result<ConnectionSettings, SettingError> {
    let own = listeners.iter().filter_map(|listener| {
        let (most, rate) =
            (settings.given_for(&listener.name, MOST), settings.given_for(&listener.name, RATE));
        let limits = ListenerSettings {
            max_connections: most.and_then(|most| most.parse().ok()).unwrap_or(usize::MAX),
            max_creation_rate: rate.and_then(|rate| rate.parse().ok()),
        };
        (most.is_some() || rate.is_some()).then(|| (listener.name.clone(), limits))
    });
    let protected = settings.broker_listener().filter(|_| listeners.len() > 1);
    Ok(ConnectionSettings {
        max_connections: settings.size(MOST),
        max_connections_per_ip: settings.size(PER_IP),
        per_ip_overrides: overrides(settings.given(OVERRIDES).unwrap_or_default())?,
        max_creation_rate: settings.given(RATE).and_then(|rate| rate.parse().ok()),
        listeners: own.collect(),
        protected,
    })
}

/// `host:number`, separated by commas. A host's name stands for all its addresses.
fn overrides(list: &str) -> Result<BTreeMap<String, usize>, SettingError> {
    let mut most = BTreeMap::new();
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let wrong = |allowed: &str| {
            let (key, allowed) = (OVERRIDES.to_owned(), format!("{entry}: {allowed}"));
            SettingError { key, value: list.to_owned(), allowed }
        };
        let split = entry.rsplit_once(':').and_then(|(host, number)| Some((host, number.parse().ok()?)));
        let (host, number) = split.ok_or_else(|| wrong("must be host:number"))?;
        let addresses = std::net::ToSocketAddrs::to_socket_addrs(&(host.trim_matches(['[', ']']), 0));
        for address in addresses.map_err(|_| wrong("this host has no address"))? {
            most.insert(address.ip().to_canonical().to_string(), number);
        }
    }
    Ok(most)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn gate(pairs: &[(&str, &str)]) -> Result<Arc<Gate>, SettingError> {
        let mut settings = Settings::new(PathBuf::new(), "127.0.0.1:0".to_owned());
        for (key, value) in pairs {
            assert_eq!(settings.set(key, value), Ok(true), "{key}");
        }
        Gate::new(&settings, &settings.listeners()?).map(Arc::new)
    }

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    async fn entered(gate: &Arc<Gate>, ip: IpAddr) -> Option<Place> {
        match gate.enter("PLAINTEXT", ip, None).await {
            Entry::Open(place) => Some(place),
            Entry::Close | Entry::CloseAfter(_) => None,
        }
    }

    #[tokio::test]
    async fn who_comes_too_fast_is_held_before_it_is_closed() {
        let gate = gate(&[]).expect("a gate");
        let enter = || gate.enter("PLAINTEXT", HOME, Some(0.1));
        let first = enter().await;
        assert!(matches!(first, Entry::Open(_)), "{first:?}");
        assert!(matches!(enter().await, Entry::CloseAfter(_)));
        assert_eq!(gate.open_connections(), 1);
    }

    #[tokio::test]
    async fn a_place_is_given_back_when_it_is_dropped() {
        let gate = gate(&[("max.connections.per.ip", "1"), (OVERRIDES, "10.0.0.1:0")]).expect("a gate");
        let place = entered(&gate, HOME).await.expect("a place");
        assert!(entered(&gate, HOME).await.is_none());
        assert!(entered(&gate, AWAY).await.is_none());
        assert_eq!(gate.open_connections(), 1);
        drop(place);
        assert_eq!(gate.open_connections(), 0);
        assert!(entered(&gate, HOME).await.is_some());
    }

    #[tokio::test]
    async fn who_finds_it_full_waits_for_an_end() {
        let gate = gate(&[("listener.name.plaintext.max.connections", "1")]).expect("a gate");
        let place = entered(&gate, HOME).await.expect("a place");
        let next = entered(&gate, AWAY);
        tokio::pin!(next);
        assert!(futures_are_pending(next.as_mut()).await);
        drop(place);
        assert!(next.await.is_some());
    }

    async fn futures_are_pending<F: Future + Unpin>(mut future: F) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(context).is_pending())
        })
        .await
    }

    #[test]
    fn exceptions_are_checked() {
        for wrong in ["10.0.0.1", "10.0.0.1:x", "no host:1"] {
            assert!(gate(&[(OVERRIDES, wrong)]).is_err(), "{wrong}");
        }
        assert_eq!(overrides("[::1]:7"), Ok(BTreeMap::from([("::1".to_owned(), 7)])));
    }
}
