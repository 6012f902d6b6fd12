//! The replicator daemon: the steps with I/O. Rules live in `strait-replicator-core`.

// What it runs on.
pub mod configuration;
// Flows on threads, HTTP beside them.
mod daemon;
// One flow: plan, fetch, rewrite, produce.
mod flow;
// MirrorMaker 2's topics.
mod internal_topic;
// Several daemons share flows.
mod worker;
// What fails again and again is said once.
mod last_failure;
// One partition, read beside the lanes.
mod partition_reader;
// What our topics are called.
mod own_topics;
// What must survive, on the target.
mod state_topic;
// What makes a start faster, on the local disk.
mod store;
// What it shows of itself.
pub mod status;
// The status as REST and as metrics.
mod metrics;
mod rest;

pub use daemon::{DaemonError, run};

/// Going on where MirrorMaker 2 stopped.
pub mod take_over {
    pub use crate::flow::take_over::{TakeOverError, TakeOverRow, plan};
}
