//! One flow: the steps with I/O, in travel order. The planner decides what to copy, the lane copies it.

// Which partitions, between which leaders.
mod assignment;
// Lists topics, creates remote topics, keeps the lane's assignments true.
mod planner;
// Fetches, rewrites, produces; owns every partition's state machine.
mod lane_task;
// Requests to the source and what their answers hold.
mod fetch;
// Requests to the target and what their answers hold.
mod produce;
// Where the target stands.
mod tail;
// Connections of a lane to the brokers of one side.
mod brokers;
// One partition in a lane.
mod slot;
// Starts and restarts the parts of a flow.
mod task;

pub(crate) use task::{FlowParts, run};
