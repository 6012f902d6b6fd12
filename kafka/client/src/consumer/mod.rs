//! A consumer: records of topics, alone or in a group.

// What it is made with.
mod config;
// Who reads what in a group.
mod assignor;

pub use assignor::Strategy;
pub use config::{AutoOffsetReset, ConsumerConfig, GroupId, GroupProtocol};
