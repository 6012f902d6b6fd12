//! Tests with real processes: Apache Kafka on both sides, Strait between.
//! This crate is the harness; it uses librdkafka, never Strait's own client, so that what it reads is a second opinion.

// Which ports, folders and peers a test may use.
pub mod ports;
pub mod world;

// The processes.
pub mod kafka;
pub mod secured;
pub mod strait;

// The data: what record number N looks like, written and read back.
pub mod corpus;
pub mod digest;
pub mod produce;
pub mod topic;

// The proof.
pub mod copied;

// Waiting with a deadline and a message; seeded randomness; numbers from the environment.
pub mod random;
pub mod settings;
pub mod wait;
