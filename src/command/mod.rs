//! The commands of the program.

pub(crate) mod bench;
pub(crate) mod broker;
pub(crate) mod config;
pub(crate) mod consume;
pub(crate) mod demo;
pub(crate) mod flow;
pub(crate) mod group;
// What commands on any Kafka cluster share.
mod kafka;
// The table that `replicate` shows on a terminal.
mod live;
pub(crate) mod produce;
pub(crate) mod replicate;
pub(crate) mod topic;
