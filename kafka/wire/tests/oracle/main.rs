//! Second opinions: random messages by the schema, and the crate kafka-protocol, which is used in tests only.

#[path = "../generate/mod.rs"]
mod generate;

// Requests and responses.
mod messages;
// Headers of requests and responses.
mod frames;
// Batches and old messages, byte by byte.
mod raw;
// Batches in all codecs.
mod batches;
// How others frame compressed data.
mod codecs;
// Checksums after a change of the producer.
mod restamp;
// Formats 0 and 1.
mod legacy;
// Commit and abort.
mod control;
