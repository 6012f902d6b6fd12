//! The commands of the program.

pub(crate) mod bench;
pub(crate) mod config;
pub(crate) mod flow;
pub(crate) mod replicate;
