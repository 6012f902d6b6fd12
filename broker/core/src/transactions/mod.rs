//! The transactions of one partition of `__transaction_state` (`TransactionCoordinator`).
//!
//! As with groups, effects are performed in order: records are appended, then answers are sent and markers written.
//! Where an append fails the shard is dropped and loaded again from the log. The rules are those of Kafka 4.3 with
//! transaction version 2 enabled (KIP-890); clients of version 1 are served too.

// Limits.
mod settings;
// What a shard asks its caller to do.
mod effects;
// A transaction and where it stands.
mod transaction;
// All transactions of the shard.
mod coordinator;
// InitProducerId.
mod init;
// AddPartitionsToTxn, AddOffsetsToTxn, and their verification.
mod partitions;
// EndTxn and the markers after it.
mod end;
// Transactions that took too long, ids that nobody used.
mod expiry;
// What administrators ask.
mod describe;
// A transaction as its record.
mod persist;

pub use coordinator::Transactions;
pub use describe::TransactionFilter;
pub use effects::{Effects, Markers, Outcome};
pub use end::EndedTransaction;
pub use init::{InitProducer, ProducerIdentity};
pub use partitions::Addition;
pub use settings::TransactionSettings;
pub use transaction::{State, TransactionVersion};

#[cfg(test)]
mod tests;
