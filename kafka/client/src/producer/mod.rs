//! A producer: records in batches, in order, written once.
//!
//! `handle` puts records into batches, `sender` is the task that sends them; what they decide by has no I/O:
//! `accumulator` and `queue` (which batch may go), `sequences` (what number it has), `verdict` (what an answer means),
//! `partitioner`, `transaction` (what may be done next).

// What it is made with.
mod config;
// What goes in and what comes out.
mod delivery;
mod error;
mod record;
// Which partition.
mod murmur2;
mod partitioner;
mod spread;
// Batches that fill and wait.
mod accumulator;
mod backoff;
mod batch;
mod queue;
// Each record once, in order.
mod sequences;
mod verdict;
// Several records or none.
mod offsets;
mod transaction;
mod transactions;
// What a program holds, and what its task shares with it.
mod handle;
mod shared;
mod waiting;
// The task: its loop, requests, answers, what is late, what it asks of the cluster.
mod answers;
mod expiry;
mod nodes;
mod requests;
mod sender;
mod settling;

pub use config::{Acks, ProducerConfig};
pub use delivery::Delivery;
pub use error::ProducerError;
pub use handle::Producer;
pub use partitioner::partition_for_key;
pub use record::{ProducerRecord, RecordMetadata};
