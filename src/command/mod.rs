//! The commands of the program.

pub(crate) mod bench;
pub(crate) mod broker;
pub(crate) mod config;
pub(crate) mod flow;
// The table that `replicate` shows on a terminal.
mod live;
pub(crate) mod replicate;
