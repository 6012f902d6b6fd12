//! One flow: the steps with I/O, in travel order. The planner decides what to copy, the lane copies it.

// Rules of access about copied topics.
mod acls;
// Which partitions, between which leaders.
mod assignment;
// Connections of a lane to the brokers of one side.
mod brokers;
// Refused records, set aside at the target.
mod dead_letter;
// Offsets of partitions that other workers copy.
mod elsewhere;
// Requests to the source and what their answers hold.
mod fetch;
// Groups: translated, published, committed at the target.
mod groups;
// Whom REST asks.
mod handle;
// Signs of life for MirrorMaker 2's tools.
mod heartbeats;
// Fetches, rewrites, produces; owns every partition's state machine.
mod lane;
// What the flow left in the state topic.
mod loading;
// Chunks of offset maps.
mod map_topic;
// Which instance may write.
mod owner;
// What passes over both clusters share.
mod pass;
// Lists topics, creates remote topics, keeps the lane's assignments true.
mod planner;
// Quotas of clients, and users with passwords.
mod principals;
// What the target remembers.
mod probe;
// Requests to the target and what their answers hold.
mod produce;
// Which batches of the source are flows' own.
mod provenance;
// Topics that are copied.
mod selected;
// One partition in a lane.
mod slot;
// Where the target stands.
mod tail;
// Going on where MirrorMaker 2 stopped.
pub(crate) mod take_over;
// Starts and restarts the parts of a flow.
mod task;
// Questions to a lane about offsets.
mod translation;
// Signs of life of other instances.
mod witness;

pub(crate) use assignment::PartitionName;
pub(crate) use groups::{FoundGroups, GroupQuestion, Groups, Side};
pub(crate) use handle::{AskError, FlowHandle};
pub(crate) use task::{Ended, FlowParts, run};
pub(crate) use translation::Direction;
pub(crate) use witness::Witness;
