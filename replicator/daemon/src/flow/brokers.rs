//! Connections of a lane to the brokers of one side: one each, opened in the background, never shared.

use std::collections::BTreeMap;

use strait_client::{ClientError, Connection};

/// What is known of one broker's connection.
#[derive(Default)]
pub(super) struct Broker {
    pub(super) connection: Option<Connection>,
    /// A connection is being opened.
    pub(super) connecting: bool,
    /// No attempt before this time.
    pub(super) retry_at_ms: u64,
    failures: u32,
}

/// Milliseconds between attempts: doubled from the first to the last.
const BACKOFF_MS: (u64, u64) = (50, 2_000);

impl Broker {
    /// The end of an attempt to connect.
    pub(super) fn on_result(
        &mut self,
        result: Result<Connection, ClientError>,
        now_ms: u64,
    ) -> Result<(), ClientError> {
        let connection = result.inspect_err(|_| self.on_failed(now_ms))?;
        self.connection = Some(connection);
        self.connecting = false;
        self.failures = 0;
        Ok(())
    }

    pub(super) fn on_failed(&mut self, now_ms: u64) {
        self.connection = None;
        self.connecting = false;
        self.retry_at_ms = now_ms + (BACKOFF_MS.0 << self.failures.min(10)).min(BACKOFF_MS.1);
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) fn wants_connection(&self, now_ms: u64) -> bool {
        self.connection.is_none() && !self.connecting && now_ms >= self.retry_at_ms
    }
}

/// The brokers of one side by id.
#[derive(Default)]
pub(super) struct Brokers<T>(BTreeMap<i32, (Broker, T)>);

impl<T: Default> Brokers<T> {
    pub(super) fn get(&mut self, id: i32) -> &mut (Broker, T) {
        self.0.entry(id).or_default()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (i32, &mut (Broker, T))> {
        self.0.iter_mut().map(|(id, broker)| (*id, broker))
    }

    /// A broker's quota holds requests back.
    pub(super) fn is_throttled(&self) -> bool {
        let mut connections = self.0.values().filter_map(|(broker, _)| broker.connection.as_ref());
        connections.any(|connection| connection.throttled_until().is_some())
    }

    /// Forgets brokers that lead nothing any more.
    pub(super) fn retain(&mut self, keep: impl Fn(i32) -> bool) {
        self.0.retain(|id, _| keep(*id));
    }
}
