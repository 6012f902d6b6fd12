//! Input for tests: random messages made from the schema alone, so that they are a second opinion on what the derive
//! writes, and batches by hand.

use strait_wire::codec::Message;

// Messages from their schema.
mod message;
// The same numbers on each run.
mod random;
// Batches and old messages, byte by byte.
pub(crate) mod raw;

pub(crate) use message::Style;
pub(crate) use random::Random;

/// The bytes of a random message, with values that nobody knows.
pub(crate) fn message<M: Message>(version: i16, style: Style, random: &mut Random) -> Vec<u8> {
    message::message::<M>(version, style, &message::Known::default(), random)
}
