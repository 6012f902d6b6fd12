//! What a consumer waits for, and what it has under way.

use std::sync::Arc;

use strait_wire::message::fetch::FetchResponse;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::assignor::Counts;
use super::error::ConsumerError;
use super::group::Joined;
use super::record::Offsets;
use super::subscription::{Place, Position};
use crate::connection::Connection;
use crate::error::{ClientError, ConnectionError};
use crate::leaders::TopicPartition;
use crate::metadata::Metadata;

/// A partition, and which of its places was asked for.
pub(super) type Versioned = (TopicPartition, u64);

/// Where each partition begins.
pub(super) type Places = Vec<(TopicPartition, Result<Place, ConsumerError>)>;

#[derive(Debug)]
pub(super) enum Event {
    Joined(Result<Joined, ConsumerError>),
    Refreshed(Result<Arc<Metadata>, ClientError>),
    Committed(Vec<Versioned>, Result<Offsets, ConsumerError>),
    Reset(Vec<Versioned>, Result<Places, ClientError>),
    Connected(i32, Result<Connection, ClientError>),
    Fetched(i32, Vec<(TopicPartition, u64, Position)>, Result<FetchResponse, ConnectionError>),
    AutoCommitted(Result<(), ConsumerError>),
}

/// A broker that is read from.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) connection: Option<Connection>,
    pub(super) connecting: bool,
    pub(super) fetching: bool,
    /// Not before this, after a failure.
    pub(super) from: Option<Instant>,
}

/// What is under way, and when what is due.
#[derive(Debug, Default)]
pub(super) struct Flags {
    pub(super) joining: Option<AbortHandle>,
    /// The partitions that go were given up for the round that is next.
    pub(super) prepared: bool,
    /// Partition counts that this member's assignment as leader was made for.
    pub(super) led: Option<Counts>,
    pub(super) cooperative: bool,
    pub(super) refreshing: bool,
    pub(super) wants_refresh: bool,
    pub(super) refreshed: Option<Instant>,
    pub(super) refresh_from: Option<Instant>,
    pub(super) asking_committed: bool,
    pub(super) asking_offsets: bool,
    pub(super) ask_from: Option<Instant>,
    pub(super) committed: Option<Instant>,
    pub(super) committing: bool,
}

impl Flags {
    pub(super) fn abort_join(&mut self) {
        if let Some(joining) = self.joining.take() {
            joining.abort();
        }
        self.prepared = false;
    }
}
