//! Randomness of the broker: ids.

use aws_lc_rs::rand;
use strait_wire::ids::Uuid;

/// The system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomnessError;

/// A random id of version 4. Like Kafka's it never begins with a hyphen, which tools would take for an option
/// (`Uuid.randomUuid`).
pub(crate) fn uuid() -> Result<Uuid, NoRandomnessError> {
    loop {
        let mut bytes = [0; 16];
        rand::fill(&mut bytes).map_err(|_| NoRandomnessError)?;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let id = Uuid(bytes);
        if !id.to_string().starts_with('-') {
            return Ok(id);
        }
    }
}

/// Random letters and digits that nobody guesses.
pub(crate) fn printable() -> Result<String, NoRandomnessError> {
    Ok(format!("{:032x}", number()?))
}

/// A random number.
pub(crate) fn number() -> Result<u128, NoRandomnessError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| NoRandomnessError)?;
    Ok(u128::from_be_bytes(bytes))
}
