//! Every rule of the broker, without I/O: time and randomness come in as arguments, effects go out.

// `#[derive(Message)]` names these as `crate::codec` and `crate::schema`.
use strait_wire::{codec, schema};

// A batch's header as bytes, with offset and checksum of our own.
pub mod batch_header;
// Whether a produced batch may be appended, and as what.
pub mod produce_validation;
// What a partition knows of those who write to it.
pub mod producer_state;
// Markers as batches.
pub mod control_batch;
// Records of the internal topics, in Kafka's schemas.
pub mod internal_record;
// Deadlines by name.
mod timers;
// What groups committed.
pub mod group_offsets;
// The groups of one partition of `__consumer_offsets`.
pub mod group;
// Topics with partitions, and which partition coordinates a group or transaction.
pub mod topic_partition;
// The transactions of one partition of `__transaction_state`.
pub mod transactions;
// The settings that a topic can have.
pub mod topic_config;
// Features and their levels.
pub mod features;
// How much a client may ask for.
pub mod quota;
// How many connections there may be.
pub mod connection_limits;
// Who may do what.
pub mod acl;
// Who a client is.
pub mod sasl;
// The name in a client's certificate.
pub mod principal;
