//! Every rule of replication. Pure: no clock, sockets, files or randomness.

// Offsets of the two sides, as types that do not mix.
pub mod offsets;
// How a topic is named on the target.
pub mod rename;
// Which topics take part in a flow, and why not.
pub mod selection;
// What must be created or changed on the target before records flow.
pub mod topic_plan;
// Which rules of access follow the topics.
pub mod acl_plan;
// Which quotas and users the target gets.
pub mod principal_plan;
// A fetched batch becomes batches that the target accepts.
pub mod rewrite;
// Small batches become one.
pub mod coalesce;
// The way of a partition's batches to the target.
pub mod lane;
// Which source offset became which target offset.
pub mod offset_map;
// Going on where MirrorMaker 2 stopped.
pub mod mirror_maker;
// Groups of consumers on both sides.
pub mod group;
// The records of our state topic on the target.
pub mod state_record;
// A flow split into shares, and who runs which.
pub mod shares;
