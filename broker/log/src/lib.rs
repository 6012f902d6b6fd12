//! Partition logs in Kafka's own layout of files. Files only: no sockets, no clock, no tasks, no rules about who
//! may write. A log is owned by one thread at a time; reads go through a shared reference.

// What a topic's configuration says about its log.
pub mod config;
// What can go wrong, with file and position.
pub mod error;
// What was found damaged.
mod damage;
// Files behind a trait: the real ones, and faulty ones for tests.
pub mod store;
// Names of files and folders.
pub mod names;
// Small text files: offsets per partition, leader epochs, topic id.
mod checkpoint;
// Sorted files of fixed-width entries.
mod index;
// Walks the batches of a file.
mod scan;
// One `.log` file with its indexes.
mod segment;
// Leader epochs and where they begin.
mod epochs;
// Producer state on disk.
mod snapshot;
// The newest batches in memory, and how much all logs may hold.
mod budget;
mod tail;
// Memory for reading files.
mod buffers;
// One partition.
mod log;
// The newest record of each key stays.
mod cleaner;
// A folder of partitions, and what it remembers of them.
mod folder;

pub use budget::Budget;
pub use buffers::ReadBuffers;
pub use cleaner::{Cleaned, CleaningPlan};
pub use config::{CleanupPolicy, LogConfig};
pub use damage::Damage;
pub use error::LogError;
pub use folder::{DataFolder, PartitionOffset, Remembered};
pub use index::AbortedTransaction;
pub use log::{
    AppendInfo, Cleanable, FileRange, FlushPlan, Flushed, LastShutdown, LogRead, PartitionLog, PlacedBatch,
    ReadLimits, Recovered, TimestampOffset,
};
pub use snapshot::ProducerSnapshotEntry;
pub use store::{DiskStore, Store, StoreFile};
