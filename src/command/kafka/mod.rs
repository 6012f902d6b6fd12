//! What commands on any Kafka cluster share: how it is reached, how answers are printed, and the question before
//! something is lost.

// Where the cluster is.
mod connection;
// Tables for people, JSON for programs.
mod output;
// Yes or no.
mod confirm;
// Settings of Kafka's clients that can't be taken.
mod setting;
// Times as people write them.
mod time;

pub(super) use confirm::confirm;
pub(super) use connection::{ConnectionArguments, run_async};
pub(super) use output::{Output, print, refused};
pub(super) use setting::setting_refused;
pub(super) use time::time;
