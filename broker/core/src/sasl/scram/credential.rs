//! What a broker stores of a user: salted keys, from which no password follows (`ScramCredential`, `ScramFormatter`).

use std::fmt;

use aws_lc_rs::{digest, hmac};

/// The hash of a SCRAM mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScramMechanism {
    Sha256,
    Sha512,
}

impl ScramMechanism {
    /// Fewer iterations are refused.
    pub const LEAST_ITERATIONS: i32 = 4_096;
    /// So are more (`ScramControlManager`).
    pub const MOST_ITERATIONS: i32 = 16_384;

    /// As messages and records number it (`ScramMechanism.type`).
    pub fn code(self) -> i8 {
        match self {
            Self::Sha256 => 1,
            Self::Sha512 => 2,
        }
    }

    pub fn from_code(code: i8) -> Option<Self> {
        [Self::Sha256, Self::Sha512].into_iter().find(|mechanism| mechanism.code() == code)
    }

    pub(super) fn hmac(self, key: &[u8], message: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        };
        hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec()
    }

    pub(super) fn hash(self, message: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, message).as_ref().to_vec()
    }
}

/// The keys of a user.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramCredential {
    pub salt: Vec<u8>,
    /// By which the broker knows the user.
    pub stored_key: Vec<u8>,
    /// By which the user knows the broker.
    pub server_key: Vec<u8>,
    pub iterations: i32,
}

impl fmt::Debug for ScramCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScramCredential").finish_non_exhaustive()
    }
}

impl ScramCredential {
    /// The keys of a password that the client salted.
    pub fn of_salted_password(
        mechanism: ScramMechanism,
        salt: Vec<u8>,
        salted_password: &[u8],
        iterations: i32,
    ) -> Self {
        let client_key = mechanism.hmac(salted_password, b"Client Key");
        let stored_key = mechanism.hash(&client_key);
        let server_key = mechanism.hmac(salted_password, b"Server Key");
        Self { salt, stored_key, server_key, iterations }
    }

    /// What a user that does not exist seems to have: a salt as Kafka's tools make them, always the same, and keys that
    /// nothing fits.
    pub(super) fn of_nobody(mechanism: ScramMechanism, secret: &[u8], username: &str) -> Self {
        const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let bytes = mechanism.hmac(secret, username.as_bytes());
        let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().unwrap_or(b'0');
        let salt = bytes.iter().take(26).map(letter).collect();
        let key = mechanism.hmac(secret, &bytes);
        let iterations = ScramMechanism::LEAST_ITERATIONS;
        Self { salt, stored_key: key.clone(), server_key: key, iterations }
    }
}
