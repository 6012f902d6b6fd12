//! SASL on the broker's side: which requests are allowed when, the mechanisms, how long a session lasts
//! (`SaslServerAuthenticator`). Nonces and time come in as arguments; passwords and keys from [`Credentials`].

// What a client can prove itself by.
mod mechanism;
// Why it fails, and what the client hears of that.
mod error;
// One exchange, from the first request to the last token.
mod exchange;
// What was proved, and until when that counts.
mod session;
// The mechanisms.
mod bearer;
pub mod jwt;
mod plain;
pub mod scram;

#[cfg(test)]
mod tests;

pub use bearer::BearerToken;
pub use error::SaslError;
pub use exchange::{Authenticated, Expected, SaslExchange, Step, TokenContext, UnexpectedRequestError};
pub use mechanism::Mechanism;
pub use session::{SaslSession, lifetime_ms};

use scram::{ScramCredential, ScramMechanism};

/// What the broker knows of those who come.
pub trait Credentials {
    /// The password of a user of PLAIN.
    fn password(&self, username: &str) -> Option<String>;

    /// The salted keys of a user of SCRAM.
    fn scram(&self, mechanism: ScramMechanism, username: &str) -> Option<ScramCredential>;

    /// A token that was checked. None: it is not believed, whatever the reason.
    fn bearer(&self, token: &str, now_ms: i64) -> Option<BearerToken>;

    /// A secret of this broker, from which users that do not exist get salts that always stay the same.
    fn secret(&self) -> &[u8];
}
