//! SCRAM (RFC 5802, RFC 7677), the server's side, without channel binding (`ScramSaslServer`).

// What is stored of a user.
mod credential;
// What is said.
mod message;
// The two steps.
mod server;

pub use credential::{ScramCredential, ScramMechanism};
pub use message::ScramError;
pub(super) use server::{ScramFirst, ScramServer};
