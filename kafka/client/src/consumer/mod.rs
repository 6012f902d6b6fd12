//! A consumer: records of topics, alone or in a group.
//!
//! `handle` is what a program holds, `poll` its turns, and everything that waits for a broker is an event. What decides
//! has no I/O: `subscription` (what is read, and where), `fetched` (what a program sees of a log), `assignor` (who in
//! a group reads what).

// What it is made with.
mod config;
// What comes out.
mod error;
mod record;
// What is read, and where it stands.
mod subscription;
// Who reads what in a group.
mod assignor;
// A place in a group.
mod group;
// What a program holds, and is told.
mod handle;
mod listener;
// What is waited for, and the turns of `poll`.
mod events;
mod poll;
mod rebalance;
// Where reading begins, and what it brings.
mod fetched;
mod fetching;
mod places;

pub use assignor::Strategy;
pub use config::{AutoOffsetReset, ConsumerConfig, GroupId, GroupProtocol};
pub use error::ConsumerError;
pub use handle::{Consumer, PendingCommit};
pub use listener::RebalanceListener;
pub use record::{ConsumerGroupMetadata, ConsumerRecord, OffsetAndMetadata, Offsets};
