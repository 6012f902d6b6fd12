//! Partition logs in Kafka's own layout of files.
