//! One broker: listener, connections, one file for each API key. The rules are in `strait_broker_core`, the files in
//! `strait_broker_log`.

// What the broker was told.
mod settings;
// A broker's life.
mod broker;
// Who it is, and that it is alone.
mod identity;
mod lock;
mod open_files;
// What all connections share.
mod node;
// Where clients come in, and what they may make the broker hold.
mod listener;
mod memory;
// Who clients are.
mod sasl;
mod tls;
// One client, who it is, one request, the table of requests.
mod call;
mod connection;
mod dispatch;
mod session;
// Who may do what.
mod access;
// How much clients may use.
mod quotas;
// One file for each API key.
mod api;
// Topics, and the log of their changes.
mod controller;
mod metadata;
mod topics;
// Memory for opening batches.
mod decompressors;
// What clients fetch again and again.
mod fetch_session;
// Groups and transactions, over the broker's own topics.
mod group_configs;
mod groups;
mod internal_log;
mod transactions;
// One partition.
mod partition;
// Work that comes round.
mod housekeeping;
// What is told on the HTTP port.
mod metrics;
// All processors at once.
mod parallel;
// Time and randomness.
mod clock;
mod random;

pub use broker::{BrokerError, run, run_on};
pub use controller::{LoadError, StrayError};
pub use identity::IdentityError;
pub use listener::ListenError;
pub use lock::LockError;
pub use metadata::{MetadataError, MetadataRecordError};
pub use random::NoRandomnessError;
pub use sasl::{SaslSetupError, TokenKeysError};
pub use settings::{SettingError, Settings};
pub use tls::TlsError;
