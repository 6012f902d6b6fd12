//! Why quotas are not told or not changed, with the messages that Kafka's tools show.

use strait_wire::error_code::ErrorCode;

/// A filter that no answer is possible to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaFilterError {
    #[error("Invalid empty entity type.")]
    EmptyType,
    #[error("Entity type {kind} cannot appear more than once in the filter.")]
    Twice { kind: String },
    #[error("Unsupported entity type {kind}")]
    UnknownType { kind: String },
    #[error("Request specified MATCH_TYPE_EXACT, but set match string to null.")]
    NoName,
    #[error("Request specified {match_type}, but also specified a match string.")]
    Name { match_type: &'static str },
    #[error("Unknown match type {match_type}")]
    UnknownMatch { match_type: i8 },
    #[error(
        "Invalid entity filter component combination. IP filter component should not be used with user or clientId \
         filter component."
    )]
    Combination,
}

impl QuotaFilterError {
    /// What a client is answered.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownType { .. } => ErrorCode::UNSUPPORTED_VERSION,
            _ => ErrorCode::INVALID_REQUEST,
        }
    }
}

/// A change that was not made; a client is answered INVALID_REQUEST.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaAlterationError {
    #[error("Ignoring duplicate entity {entity}")]
    Twice { entity: String },
    #[error("Invalid empty client quota entity")]
    EmptyEntity,
    #[error("Unhandled client quota entity type: {kind}")]
    UnknownType { kind: String },
    #[error("Empty {kind} not supported")]
    EmptyName { kind: String },
    // Kafka's own words.
    #[error("Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId")]
    Combination,
    #[error("{name} is not a valid IP or resolvable host.")]
    NoAddress { name: String },
    #[error("Invalid configuration key {key}")]
    UnknownKey { key: String },
    #[error("Quota {key} must be greater than 0")]
    NotPositive { key: &'static str },
    #[error("Proposed value for {key} is too large for {size}.")]
    TooLarge { key: &'static str, size: &'static str },
    #[error("{key} cannot be a fractional value.")]
    Fraction { key: &'static str },
}
