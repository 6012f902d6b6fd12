//! A producer: records in batches, in order, written once.

// What it is made with.
mod config;

pub use config::{Acks, ProducerConfig};
