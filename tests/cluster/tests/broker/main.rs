//! `strait broker` as a process, with librdkafka and Kafka's own tools as clients.

// The process: started, killed, stopped.
mod process;
// What librdkafka does with it.
mod client;

// Records written and read, before and after a sudden end.
mod records;
// Settings that change while it runs, and quotas.
mod configs;
mod quotas;
// The new consumer protocol.
mod consumer_protocol;
// Transactions.
mod transactions;
// Copied by `strait replicate`, and in the place of a Kafka in the harness of all other tests.
mod in_place_of_kafka;
mod replicated;
// What is kept through kills, damage and removals.
mod durability;
// A good end.
mod stopping;
// Health and metrics.
mod http;
// What no client library sends.
mod protocol;
// Right and wrong credentials, by clients and byte by byte.
mod security;
// Several listeners, names that are told, limits.
mod listeners;
// Behind a proxy.
mod proxy;
// Hostile and broken clients.
mod abuse;
// Requests as a test wants them.
mod wire;
// Who may do what, and how much.
mod access;
// Quotas and users that follow to another cluster.
mod principals;
// What Kafka answered to requests that no client library sends, and what ours does.
mod answers;
// Kafka's own tools.
mod tools;
