//! One broker: a listener, connections, a handler for each API key, over the logs and the rules.

// What it runs on.
mod configuration;
// What can go wrong at a start.
mod error;
// Clock and random bits.
mod environment;
// The data folder: locked, with the cluster's id.
mod folder;
// Topics, made durable as records.
mod catalog;
// Settings of topics by Kafka's names.
mod topic_config;
// One partition: its log and its producers.
mod partition;
// Consumer groups over their internal topic.
mod group_coordinator;
// Retention, compaction and checkpoints.
mod upkeep;
// Everything above, for the handlers.
mod broker;
// Accepts connections, and stops.
mod listener;
// One client's requests in order.
mod connection;
// From API key to handler.
mod dispatch;
// One file for each API key.
mod api;

pub use configuration::Configuration;
pub use error::BrokerError;
pub use listener::run;
