//! Settings of a producer, and which of them go together (`ProducerConfig`).

use strait_wire::batch::Compression;

use crate::settings::{Choice, Chosen, Setting, SettingError, choose, settings};

/// Most requests in flight that keep their order when one of them is sent again.
const MOST_IN_FLIGHT: i32 = 5;

/// Who must have a batch before it is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    None,
    Leader,
    /// All in-sync replicas.
    All,
}

const ACKS: [Choice<Acks>; 4] =
    [("all", Acks::All), ("-1", Acks::All), ("0", Acks::None), ("1", Acks::Leader)];

impl Acks {
    pub(crate) fn code(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Leader => 1,
            Self::All => -1,
        }
    }
}

impl Setting for Acks {
    fn parse(text: &str) -> Result<Self, String> {
        choose(&ACKS, text)
    }
    fn print(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            acks => acks.code().to_string(),
        }
    }
}

settings! {
    /// What a producer is made with. Sizes are in bytes, times in milliseconds.
    ProducerConfig of "a producer" {
        "acks" acks: Acks = Acks::All;
        /// A batch is closed before it grows above this; a larger record goes alone.
        "batch.size" batch_size: i32 = 16_384, at least 0;
        /// Of all records that are not acknowledged; who sends more waits.
        "buffer.memory" buffer_memory: i64 = 33_554_432, at least 0;
        "compression.type" compression: Compression = Compression::None;
        /// From `send` to the answer, with all attempts.
        "delivery.timeout.ms" delivery_timeout_ms: Chosen<i32> = Chosen::ByDefault(120_000), at least 0;
        "enable.idempotence" enable_idempotence: Chosen<bool> = Chosen::ByDefault(true);
        "linger.ms" linger_ms: i64 = 5, at least 0;
        /// How long `send` waits for memory and for metadata.
        "max.block.ms" max_block_ms: i64 = 60_000, at least 0;
        "max.in.flight.requests.per.connection" max_in_flight: i32 = 5, at least 1;
        "max.request.size" max_request_size: i32 = 1_048_576, at least 0;
        "metadata.max.age.ms" metadata_max_age_ms: i64 = 300_000, at least 0;
        "partitioner.adaptive.partitioning.enable" partitioner_adaptive: bool = true;
        "partitioner.availability.timeout.ms" partitioner_availability_timeout_ms: i64 = 0, at least 0;
        "partitioner.ignore.keys" partitioner_ignore_keys: bool = false;
        "request.timeout.ms" request_timeout_ms: i32 = 30_000, at least 0;
        "retries" retries: i32 = i32::MAX, at least 0;
        "retry.backoff.max.ms" retry_backoff_max_ms: i64 = 1_000, at least 0;
        "retry.backoff.ms" retry_backoff_ms: i64 = 100, at least 0;
        "transaction.timeout.ms" transaction_timeout_ms: i32 = 60_000;
        "transactional.id" transactional_id: Option<String> = None;
    }
}

impl ProducerConfig {
    /// Whether a record is written once however often it is sent. The default gives way to settings that forbid it.
    pub fn is_idempotent(&self) -> bool {
        let allowed = self.acks == Acks::All && self.retries > 0;
        self.enable_idempotence.value() && (allowed || self.enable_idempotence.is_explicit())
    }

    /// The default is raised to what linger and one request need.
    pub fn effective_delivery_timeout_ms(&self) -> i64 {
        let least = self.linger_ms.saturating_add(self.request_timeout_ms.into()).min(i32::MAX.into());
        i64::from(self.delivery_timeout_ms.value()).max(least)
    }

    /// Fails where settings contradict each other.
    pub fn check(&self) -> Result<(), SettingError> {
        self.check_limits()?;
        self.check_idempotence()?;
        let given = i64::from(self.delivery_timeout_ms.value());
        if self.delivery_timeout_ms.is_explicit() && given < self.effective_delivery_timeout_ms() {
            let reason =
                "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms";
            return Err(SettingError::conflict("delivery.timeout.ms", reason));
        }
        Ok(())
    }

    fn check_idempotence(&self) -> Result<(), SettingError> {
        if self.is_idempotent() {
            self.check_explicit_idempotence()?;
        } else if self.transactional_id.is_some() {
            let reason = "Cannot set a transactional.id without also enabling idempotence.";
            return Err(SettingError::conflict("transactional.id", reason));
        }
        Ok(())
    }

    fn check_explicit_idempotence(&self) -> Result<(), SettingError> {
        if self.retries == 0 {
            let reason = "Must set retries to non-zero when using the idempotent producer.";
            return Err(SettingError::conflict("retries", reason));
        }
        if self.acks != Acks::All {
            let reason = "Must set acks to all in order to use the idempotent producer. \
                          Otherwise we cannot guarantee idempotence.";
            return Err(SettingError::conflict("acks", reason));
        }
        if self.max_in_flight > MOST_IN_FLIGHT {
            let reason = format!(
                "To use the idempotent producer, max.in.flight.requests.per.connection must be set to at most \
                 {MOST_IN_FLIGHT}. Current value is {}.",
                self.max_in_flight
            );
            return Err(SettingError::conflict("max.in.flight.requests.per.connection", reason));
        }
        Ok(())
    }
}
