//! One turn after the other: take what came, begin what is due, hand out what is there.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::error::ConsumerError;
use super::events::Event;
use super::handle::Consumer;
use super::record::ConsumerRecord;
use super::subscription::Choice;

/// How often a waiting `poll` looks around although nothing happened.
const GLANCE: Duration = Duration::from_millis(100);

impl Consumer {
    /// Records that were read, at most `max.poll.records`, as soon as there are any; none after `timeout`. In a group
    /// it is also what joins, and must be called again within `max.poll.interval.ms`.
    pub async fn poll(&mut self, timeout: Duration) -> Result<Vec<ConsumerRecord>, ConsumerError> {
        if matches!(self.subscriptions.choice, Choice::Nothing) {
            return Err(ConsumerError::NotSubscribed);
        }
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(group) = &self.group {
                group.state().last_poll = Instant::now();
            }
            while let Some(event) = self.events.try_join_next() {
                self.on_event(event.ok());
            }
            self.rebalance().await?;
            self.begin_what_is_due();
            let records = self.collect()?;
            if !records.is_empty() {
                // The next ones come while the program works.
                self.begin_fetches();
                return Ok(records);
            }
            if let Some(error) = self.errors.pop_front() {
                return Err(error);
            }
            if Instant::now() >= deadline {
                return Ok(records);
            }
            self.wait(deadline.min(Instant::now() + GLANCE)).await;
        }
    }

    fn begin_what_is_due(&mut self) {
        self.refresh();
        self.find_places();
        self.commit_when_due();
        self.begin_fetches();
    }

    async fn wait(&mut self, until: Instant) {
        let group = self.group.clone();
        let changed = async {
            match &group {
                Some(group) => group.changed.notified().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(event) = self.events.join_next() => self.on_event(event.ok()),
            () = changed => {}
            () = sleep_until(until) => {}
        }
    }

    /// A task that was aborted has no event.
    fn on_event(&mut self, event: Option<Event>) {
        match event {
            Some(Event::Joined(outcome)) => self.on_joined(outcome),
            Some(Event::Refreshed(outcome)) => self.on_refreshed(outcome),
            Some(Event::Committed(asked, outcome)) => self.on_committed(&asked, outcome),
            Some(Event::Reset(asked, outcome)) => self.on_reset(&asked, outcome),
            Some(Event::Connected(node, outcome)) => self.on_connected(node, outcome),
            Some(Event::Fetched(node, asked, outcome)) => self.on_fetched(node, asked, outcome),
            Some(Event::AutoCommitted(outcome)) => self.on_auto_committed(outcome),
            None => {}
        }
    }

    fn commit_when_due(&mut self) {
        let is_by_program = matches!(self.subscriptions.choice, Choice::Partitions);
        if !self.config.commits_automatically() || self.flags.committing {
            return;
        }
        let interval = Duration::from_millis(self.config.auto_commit_interval_ms.unsigned_abs().into());
        let last = *self.flags.committed.get_or_insert_with(Instant::now);
        let is_member = self.group.as_ref().is_some_and(|group| group.state().joined);
        if last.elapsed() < interval || !(is_by_program || is_member) {
            return;
        }
        self.flags.committed = Some(Instant::now());
        if let Ok(pending) = self.commit_async() {
            self.flags.committing = true;
            self.events.spawn(async move { Event::AutoCommitted(pending.done().await) });
        }
    }

    fn on_auto_committed(&mut self, outcome: Result<(), ConsumerError>) {
        self.flags.committing = false;
        if let Err(error) = outcome {
            tracing::warn!(%error, "offsets are not committed, the next attempt is due later");
        }
    }
}
