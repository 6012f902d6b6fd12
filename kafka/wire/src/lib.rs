//! The Kafka protocol: bytes to values and back. Pure.

// Lets the derive name this crate's own types.
extern crate self as strait_wire;

// Identifiers.
pub mod ids;
// Which request, which error.
pub mod api_key;
pub mod error_code;
// Bytes and values.
pub mod codec;
// Record batches inside a message.
pub mod record_data;
// What the derive was told of each message.
pub mod schema;
// One file for each API key.
pub mod message;
// What members of a group tell each other.
pub mod consumer_protocol;
// Closed batches, records, compression.
pub mod batch;
// MirrorMaker 2's own records.
pub mod mm2;
