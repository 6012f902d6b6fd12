//! The commands of the program.

pub(crate) mod bench;
pub(crate) mod broker;
pub(crate) mod config;
pub(crate) mod consume;
// What commands about a running replicator share.
mod daemon;
pub(crate) mod demo;
pub(crate) mod flow;
pub(crate) mod group;
// What commands on any Kafka cluster share.
mod kafka;
// The table that `replicate` shows on a terminal.
mod live;
pub(crate) mod migrate;
pub(crate) mod offsets;
pub(crate) mod produce;
pub(crate) mod replicate;
pub(crate) mod topic;
pub(crate) mod worker;
