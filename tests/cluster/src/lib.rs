//! Tests with real processes: Apache Kafka on both sides, Strait between.
//! This crate is the harness; it uses librdkafka, never Strait's own client, so that what it reads is a second opinion.

// Which ports, folders and peers a test may use.
pub mod ports;
pub mod world;

// The processes: Kafka, Strait and its faces, and both clusters together.
pub mod access;
pub mod beside;
pub mod binary;
pub mod bridge;
pub mod kafka;
pub mod mirror_maker;
mod own_broker;
pub mod plan;
pub mod rest;
pub mod secured;
pub mod strait;
pub mod tools;
pub mod usage;

// The data: what record number N looks like, written, read back, and as it lies on disk.
pub mod admin;
pub mod compacted;
pub mod corpus;
pub mod groups;
pub mod numbered;
pub mod produce;
pub mod reader;
pub mod segment;
pub mod topic;
pub mod writer;

// The proof.
pub mod cases;
pub mod copied;
pub mod difference;
pub mod digest;
pub mod golden;

// Waiting with a deadline and a message; seeded randomness; numbers from the environment.
pub mod random;
pub mod settings;
pub mod wait;
