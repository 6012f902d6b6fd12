//! Bytes of real Kafka: segments of brokers and requests of Java clients. README.md says how they were captured.

// Log segments in formats 0, 1 and 2.
mod segments;
// Requests and responses.
mod wire;
