//! The commands of the program.

pub(crate) mod config;
pub(crate) mod flow;
pub(crate) mod replicate;
