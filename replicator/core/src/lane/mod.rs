//! The lane: one partition's way from fetched batches to acknowledged ones, as a pure state machine.
//! It owns sequences, the window in flight, and what happens after a failure. Time comes in as `now_ms`.

// Under whose producer ids batches are written.
pub mod identity;
// What is known of a partition's place on both sides.
pub mod position;
// The states of a partition and their names.
pub mod state;
mod state_name;
// The state machine of one partition.
pub mod partition;
// Which fetch of which partitions to send next: KIP-227 sessions.
pub mod fetch_session;
// Prepared batches in pieces.
mod pieces;

pub use fetch_session::{FetchSession, Wanted};
pub use identity::{Identities, Identity, Origin};
pub use partition::{
    BatchOutcome, Delivery, Outgoing, PartitionLane, Progress, RefusedRecord, Settings, Wants,
};
pub use position::{Position, Sequence, Sequences, Tail, WrittenBatch};
pub use state::{PartitionState, Side};
pub use state_name::StateName;
