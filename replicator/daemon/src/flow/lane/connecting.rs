//! Opening connections, and what follows when that fails.

use std::fmt::Display;

use strait_client::{ClientError, Connection};
use tracing::warn;

use super::{Event, LaneTask};

impl LaneTask {
    pub(super) fn connect(&mut self) {
        let now_ms = self.now_ms();
        for (id, (broker, _)) in
            self.sources.iter_mut().filter(|(_, (broker, _))| broker.wants_connection(now_ms))
        {
            broker.connecting = true;
            let cluster = self.parts.source.clone();
            self.events
                .push(Box::pin(async move { Event::SourceConnected(id, cluster.dedicated(id).await) }));
        }
        for (id, (broker, _)) in
            self.targets.iter_mut().filter(|(_, (broker, _))| broker.wants_connection(now_ms))
        {
            broker.connecting = true;
            let cluster = self.parts.target.clone();
            self.events
                .push(Box::pin(async move { Event::TargetConnected(id, cluster.dedicated(id).await) }));
        }
    }

    pub(super) fn on_source_connected(&mut self, id: i32, result: Result<Connection, ClientError>) {
        let now_ms = self.now_ms();
        match self.sources.get(id).0.on_result(result, now_ms) {
            Ok(()) => {}
            Err(error) => self.report(format_args!("source broker {id}: {error}")),
        }
    }

    pub(super) fn on_target_connected(&mut self, id: i32, result: Result<Connection, ClientError>) {
        let now_ms = self.now_ms();
        match self.targets.get(id).0.on_result(result, now_ms) {
            Ok(()) => {}
            Err(error) => self.report(format_args!("target broker {id}: {error}")),
        }
    }

    /// Says an error once, and asks the planner to look at the clusters again.
    pub(super) fn report(&mut self, error: impl Display) {
        if let Some(error) = self.last_failure.news(&error) {
            warn!(flow = %self.parts.flow.id(), error, "flow meets an error and retries");
        }
        self.parts.refresh.notify_one();
    }
}
