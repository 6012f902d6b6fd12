//! Records of the internal topics in Kafka's published schemas, so that Kafka's tools and lag exporters read them.
//!
//! A key begins with two bytes that name its kind, a value with two bytes of its version.

// Keys and values of groups.
pub mod group_metadata;
// Keys and values of consumer groups.
pub mod consumer_group;
// The kinds of their records.
mod consumer_group_record;
// Keys and values of committed offsets.
pub mod offset_commit;
// All kinds of `__consumer_offsets`.
mod group_record;
// Keys and values of transactions.
pub mod transaction_log;
// The one kind of `__transaction_state`.
mod transaction_record;
// Prefix and message.
mod prefixed;

pub use consumer_group_record::{ConsumerGroupChange, ConsumerGroupRecord};
pub use group_record::{GroupRecord, OffsetKey};
pub use prefixed::{EncodedRecord, RecordDecodeError};
pub use transaction_record::TransactionRecord;
