//! Whether one partition's part of a Produce request may be appended, and as what (`ProduceRequest`, `UnifiedLog`,
//! `LogValidator`). Checks come in Kafka's order, since the first that fails names the error.

// What a topic asks of its batches.
mod settings;
// Why a batch is refused.
mod error;
// Records, read where they stand.
mod walk;
// Keys, timestamps and numbering of single records.
mod records;
// A batch written anew.
mod rebuild;
// All checks in order.
mod validate;

pub use error::{ProduceError, RecordError};
pub use settings::{Depth, TimestampType, TopicCompression, TopicSettings, Validation};
pub use validate::{ValidBatch, only_batch, validate};
#[cfg(test)]
mod tests;
