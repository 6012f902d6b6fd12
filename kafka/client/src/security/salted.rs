//! A password as a broker is given it to make a user of it (KIP-554).

use std::num::NonZeroU32;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::SecurityError;
use super::sasl::{ScramHash, random_bytes};
use super::scram::salt_password;
use super::secret::SecretSource;

/// A password that was salted and hashed.
#[derive(Clone)]
pub struct SaltedPassword {
    pub(crate) hash: ScramHash,
    pub(crate) iterations: u32,
    salt: Vec<u8>,
    salted: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for SaltedPassword {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SaltedPassword")
    }
}

impl SaltedPassword {
    /// Reads a password and hashes it with a new salt; takes as long as the iterations, away from this thread.
    pub async fn of(
        hash: ScramHash,
        password: &SecretSource,
        iterations: NonZeroU32,
    ) -> Result<Self, SecurityError> {
        let (password, salt) = (password.read()?, random_bytes()?.to_vec());
        let hashed = tokio::task::spawn_blocking(move || {
            let salted = salt_password(hash, &password, &salt, iterations);
            Self { hash, iterations: iterations.get(), salt, salted }
        });
        hashed.await.map_err(|error| SecurityError::NotHashed { reason: error.to_string() })
    }

    pub(crate) fn salt(&self) -> Bytes {
        Bytes::copy_from_slice(&self.salt)
    }

    pub(crate) fn salted(&self) -> Bytes {
        Bytes::copy_from_slice(&self.salted)
    }
}
