//! Clock and random bits: what the rules take as arguments.

use std::time::{SystemTime, UNIX_EPOCH};

use strait_wire::ids::Uuid;

use crate::error::BrokerError;

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn random_bits() -> Result<u128, BrokerError> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(BrokerError::Random)?;
    Ok(u128::from_be_bytes(bits))
}

/// A random id (RFC 9562, version 4).
pub(crate) fn random_id() -> Result<Uuid, BrokerError> {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let bits = random_bits()? & !VERSION & !VARIANT | 4 << 76 | 0b10 << 62;
    Ok(Uuid(bits.to_be_bytes()))
}
