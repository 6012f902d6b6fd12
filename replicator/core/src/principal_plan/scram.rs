//! A user of SCRAM (KIP-554), without the password, which no broker tells.

use std::fmt;

use super::Whose;

/// How the password is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScramMechanism {
    Sha256,
    Sha512,
}

impl ScramMechanism {
    /// Kafka's `ScramMechanism`; `None` for unknown ones.
    pub fn from_code(code: i8) -> Option<Self> {
        match code {
            1 => Some(Self::Sha256),
            2 => Some(Self::Sha512),
            _ => None,
        }
    }

    pub fn code(self) -> i8 {
        match self {
            Self::Sha256 => 1,
            Self::Sha512 => 2,
        }
    }

    /// As clients name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }
}

/// One credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScramUser {
    pub name: String,
    pub mechanism: ScramMechanism,
}

impl fmt::Display for ScramUser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.mechanism.name(), self.name)
    }
}

impl Whose for ScramUser {
    type Owner = String;

    fn whose(&self) -> &String {
        &self.name
    }
}
