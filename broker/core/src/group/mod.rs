//! The groups of one partition of `__consumer_offsets` (`GroupCoordinatorShard`).
//!
//! Every call returns [`Effects`]: records to append and answers to send. Effects are performed in the order in which
//! they were returned, and an answer waits until all records returned with it or before it are replicated. Where an
//! append fails the shard is dropped, its waiting requests are answered by [`Groups::unload`], and it is loaded again
//! from the log: state that was not written never survives.

// What groups need to know of the cluster.
mod cluster;
// What a shard is told: limits and delays.
mod settings;
// What a shard asks its caller to do.
mod effects;
// A classic group (JoinGroup, SyncGroup).
mod classic;
// A consumer group (ConsumerGroupHeartbeat).
mod consumer;
// All groups of the shard.
mod groups;
// Requests about rebalances.
mod membership;
// Heartbeats of members of consumer groups.
mod consumer_heartbeat;
// Requests of administrators.
mod administration;
// Offsets that are committed.
mod commit;
// Offsets that are asked for.
mod fetch;
// Offsets that are deleted or too old.
mod retention;
// Records read again.
mod replay;

pub use classic::{ClassicGroup, State};
pub use cluster::{Cluster, ConsumerTimes, TopicShape};
pub use consumer::{ConsumerGroup, ConsumerHeartbeat, ConsumerState};
pub use effects::{Answer, Effects, Outcome, Token, WaitingAnswer};
pub use groups::{Caller, Groups};
pub use settings::GroupSettings;

#[cfg(test)]
mod tests;
