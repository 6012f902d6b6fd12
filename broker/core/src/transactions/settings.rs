//! Limits of transactions.

/// The settings of the transaction coordinator, by Kafka's names. Times are milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionSettings {
    /// `transaction.max.timeout.ms`.
    pub max_timeout_ms: i32,
    /// `transactional.id.expiration.ms`.
    pub id_expiration_ms: i64,
}

impl Default for TransactionSettings {
    /// Kafka's defaults.
    fn default() -> Self {
        Self { max_timeout_ms: 15 * 60 * 1000, id_expiration_ms: 7 * 24 * 60 * 60 * 1000 }
    }
}
