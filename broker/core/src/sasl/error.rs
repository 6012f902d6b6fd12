//! Why an authentication fails. Some reasons the client hears word by word, others would tell it too much
//! (`SaslAuthenticationException` and `SaslException`).

use super::mechanism::Mechanism;
use super::scram::ScramError;

/// An authentication that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SaslError {
    #[error("Invalid SASL/PLAIN response: expected 3 tokens, got {found}")]
    PlainTokens { found: usize },
    #[error("Authentication failed: username not specified")]
    NoUsername,
    #[error("Authentication failed: password not specified")]
    NoPassword,
    #[error("Authentication failed: Invalid username or password")]
    WrongPassword,
    #[error("Authentication failed: Client requested an authorization id that is different from username")]
    OtherIdentity,
    #[error(
        "Authentication failed: Client requested an authorization id ({asked}) that is different from the \
         token's principal name ({found})"
    )]
    OtherTokenIdentity { asked: String, found: String },
    #[error("SCRAM: {0}")]
    Scram(#[from] ScramError),
    #[error("Invalid OAUTHBEARER client first message")]
    MalformedBearer,
    /// The document that the client has seen already.
    #[error("{document}")]
    BearerRefused { document: &'static str },
    #[error("Cannot change principals during re-authentication from User.{from}: User.{to}")]
    OtherPrincipal { from: String, to: String },
    #[error(
        "SASL mechanism '{asked}' requested by client is not supported for re-authentication of mechanism '{before}'"
    )]
    OtherMechanism { asked: String, before: Mechanism },
    #[error("no token is expected")]
    NotExpected,
}

impl SaslError {
    /// What the client is told. None: the connection ends without a word.
    pub fn told(&self, mechanism: Mechanism, is_again: bool) -> Option<String> {
        match self {
            Self::PlainTokens { .. }
            | Self::NoUsername
            | Self::NoPassword
            | Self::WrongPassword
            | Self::OtherIdentity
            | Self::Scram(ScramError::OtherIdentity)
            | Self::OtherTokenIdentity { .. }
            | Self::BearerRefused { .. }
            | Self::OtherPrincipal { .. } => Some(self.to_string().trim_start_matches("SCRAM: ").to_owned()),
            Self::OtherMechanism { .. } => None,
            Self::Scram(_) | Self::MalformedBearer | Self::NotExpected => {
                let what = if is_again { "re-authentication" } else { "authentication" };
                Some(format!(
                    "Authentication failed during {what} due to invalid credentials with SASL mechanism {mechanism}"
                ))
            }
        }
    }
}
