//! Identifiers of the protocol.

use std::fmt;
use std::str::FromStr;

/// A topic's id (KIP-516). Zero stands for "no id".
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

/// A text that is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a Kafka id: 22 characters of A-Z a-z 0-9 - _")]
pub struct UuidError {
    pub text: String,
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CHARACTERS: u32 = 22;

impl Uuid {
    pub const ZERO: Self = Self([0; 16]);

    pub fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }
}

impl fmt::Display for Uuid {
    /// Base64 for URLs without padding, as Kafka's tools print it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = u128::from_be_bytes(self.0);
        for index in 0..CHARACTERS {
            let shift = 122_i32 - 6 * index as i32;
            let sextet = if shift >= 0 { value >> shift } else { value << -shift };
            write!(formatter, "{}", char::from(ALPHABET[(sextet & 0x3f) as usize]))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Uuid {
    type Err = UuidError;

    fn from_str(text: &str) -> Result<Self, UuidError> {
        let error = || UuidError { text: text.to_owned() };
        if text.len() != CHARACTERS as usize {
            return Err(error());
        }
        let mut value = 0_u128;
        for (index, byte) in text.bytes().enumerate() {
            let sextet = ALPHABET.iter().position(|letter| *letter == byte).ok_or_else(error)? as u128;
            let shift = 122 - 6 * index as i32;
            value |= if shift >= 0 { sextet << shift } else { sextet >> -shift };
        }
        Ok(Self(value.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_printed_as_kafka_prints_them() {
        let mut bytes = [0; 16];
        bytes[15] = 1;
        assert_eq!(Uuid(bytes).to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert_eq!("AAAAAAAAAAAAAAAAAAAAAQ".parse(), Ok(Uuid(bytes)));
        assert_eq!(Uuid([0xff; 16]).to_string().parse(), Ok(Uuid([0xff; 16])));
        assert!("short".parse::<Uuid>().is_err());
    }
}
