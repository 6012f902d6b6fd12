//! SCRAM (RFC 5802, RFC 7677), the client's side, without channel binding. Pure: randomness comes from outside.

use std::num::NonZeroU32;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::sasl::ScramHash;
use super::secret::Secret;

/// Fewer are too weak, more could be meant to keep us busy.
const ITERATIONS: std::ops::RangeInclusive<u32> = 4_096..=1_000_000;
/// `n,,` in base64: no channel binding, no other identity.
const CHANNEL_BINDING: &str = "c=biws";

/// What a broker said that ends the exchange.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ScramError {
    #[error("SCRAM: the broker's {message} message has no valid `{attribute}`")]
    Malformed { message: &'static str, attribute: char },
    #[error("SCRAM: the broker's nonce does not begin with ours")]
    Nonce,
    #[error("SCRAM: the broker asks for {found} iterations, allowed are {} to {}", ITERATIONS.start(), ITERATIONS.end())]
    Iterations { found: u32 },
    #[error("SCRAM: the broker does not know the password")]
    ServerSignature,
    #[error("SCRAM: {reason}")]
    Refused { reason: String },
}

/// The exchange before the broker spoke.
#[derive(Clone, Debug)]
pub(super) struct ScramClient {
    hash: ScramHash,
    nonce: String,
    first_bare: String,
}

/// The exchange after our proof.
#[derive(Debug)]
pub(super) struct ScramProof {
    pub(super) message: String,
    server_signature: Vec<u8>,
}

impl ScramClient {
    pub(super) fn new(hash: ScramHash, username: &str, nonce: &str) -> Self {
        let username = username.replace('=', "=3D").replace(',', "=2C");
        Self { hash, nonce: nonce.to_owned(), first_bare: format!("n={username},r={nonce}") }
    }

    pub(super) fn first_message(&self) -> String {
        format!("n,,{}", self.first_bare)
    }

    /// The proof that we know the password; takes as long as the broker's iterations.
    pub(super) fn prove(&self, server_first: &str, password: &Secret) -> Result<ScramProof, ScramError> {
        let message = "first";
        let missing = |attribute| ScramError::Malformed { message, attribute };
        if server_first.starts_with("m=") {
            return Err(missing('m'));
        }
        let nonce = attribute(server_first, 'r').ok_or(missing('r'))?;
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(ScramError::Nonce);
        }
        let salt = attribute(server_first, 's').and_then(|salt| STANDARD.decode(salt).ok());
        let salt = salt.filter(|salt| !salt.is_empty()).ok_or(missing('s'))?;
        let found = attribute(server_first, 'i').and_then(|count| count.parse().ok()).ok_or(missing('i'))?;
        let iterations = NonZeroU32::new(found)
            .filter(|count| ITERATIONS.contains(&count.get()))
            .ok_or(ScramError::Iterations { found })?;
        let without_proof = format!("{CHANNEL_BINDING},r={nonce}");
        let signed = format!("{},{server_first},{without_proof}", self.first_bare);
        let keys = Keys::derive(self.hash, password, &salt, iterations);
        Ok(ScramProof {
            message: format!("{without_proof},p={}", STANDARD.encode(keys.proof(self.hash, &signed))),
            server_signature: keys.server_signature(self.hash, &signed),
        })
    }
}

impl ScramProof {
    /// The broker must know the password too.
    pub(super) fn verify(&self, server_final: &str) -> Result<(), ScramError> {
        if let Some(reason) = attribute(server_final, 'e') {
            return Err(ScramError::Refused { reason: reason.to_owned() });
        }
        let signature = attribute(server_final, 'v').and_then(|value| STANDARD.decode(value).ok());
        let signature = signature.ok_or(ScramError::Malformed { message: "final", attribute: 'v' })?;
        verify_slices_are_equal(&signature, &self.server_signature).map_err(|_| ScramError::ServerSignature)
    }
}

/// Made from the password, salt and iterations.
struct Keys {
    client: Zeroizing<Vec<u8>>,
    server: Zeroizing<Vec<u8>>,
}

/// What a broker can make a user's keys of; takes as long as the iterations.
pub(super) fn salt_password(
    hash: ScramHash,
    password: &Secret,
    salt: &[u8],
    iterations: NonZeroU32,
) -> Zeroizing<Vec<u8>> {
    let (algorithm, length) = match hash {
        ScramHash::Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, digest::SHA256_OUTPUT_LEN),
        ScramHash::Sha512 => (pbkdf2::PBKDF2_HMAC_SHA512, digest::SHA512_OUTPUT_LEN),
    };
    let mut salted = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(algorithm, iterations, salt, password.expose().as_bytes(), &mut salted);
    salted
}

impl Keys {
    fn derive(hash: ScramHash, password: &Secret, salt: &[u8], iterations: NonZeroU32) -> Self {
        let salted = salt_password(hash, password, salt, iterations);
        Self {
            client: Zeroizing::new(sign(hash, &salted, b"Client Key")),
            server: Zeroizing::new(sign(hash, &salted, b"Server Key")),
        }
    }

    fn proof(&self, hash: ScramHash, signed: &str) -> Vec<u8> {
        let algorithm = match hash {
            ScramHash::Sha256 => &digest::SHA256,
            ScramHash::Sha512 => &digest::SHA512,
        };
        let stored = digest::digest(algorithm, &self.client);
        let signature = sign(hash, stored.as_ref(), signed.as_bytes());
        self.client.iter().zip(signature).map(|(key, signature)| key ^ signature).collect()
    }

    fn server_signature(&self, hash: ScramHash, signed: &str) -> Vec<u8> {
        sign(hash, &self.server, signed.as_bytes())
    }
}

fn sign(hash: ScramHash, key: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match hash {
        ScramHash::Sha256 => hmac::HMAC_SHA256,
        ScramHash::Sha512 => hmac::HMAC_SHA512,
    };
    hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec()
}

fn attribute(message: &str, name: char) -> Option<&str> {
    message.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const SERVER_FIRST: &str =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    fn prove(hash: ScramHash, server_first: &str) -> Result<ScramProof, ScramError> {
        ScramClient::new(hash, "user", NONCE).prove(server_first, &Secret::new("pencil".to_owned()))
    }

    #[test]
    fn the_exchange_of_rfc_7677() {
        let client = ScramClient::new(ScramHash::Sha256, "user", NONCE);
        assert_eq!(client.first_message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let proof = prove(ScramHash::Sha256, SERVER_FIRST).expect("a proof");
        let expected = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(proof.message, expected);
        assert_eq!(proof.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(()));
        let other = proof.verify("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        assert_eq!(other, Err(ScramError::ServerSignature));
        let refused = proof.verify("e=invalid-proof");
        assert_eq!(refused, Err(ScramError::Refused { reason: "invalid-proof".to_owned() }));
        assert_eq!(proof.verify(""), Err(ScramError::Malformed { message: "final", attribute: 'v' }));
    }

    /// Made with Python's hashlib from the exchange above.
    #[test]
    fn the_same_exchange_with_sha_512() {
        let proof = prove(ScramHash::Sha512, SERVER_FIRST).expect("a proof");
        let (_, given) = proof.message.split_once(",p=").expect("a proof");
        assert_eq!(
            given,
            "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ=="
        );
        assert_eq!(
            proof.verify(
                "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw=="
            ),
            Ok(())
        );
    }

    #[test]
    fn a_broker_that_lies_is_not_answered() {
        let cases = [
            ("", ScramError::Malformed { message: "first", attribute: 'r' }),
            (
                "m=x,r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=4096",
                ScramError::Malformed { message: "first", attribute: 'm' },
            ),
            ("r=rOprNGfwEbeRWgbNEkqO,s=QQ==,i=4096", ScramError::Nonce),
            ("r=other,s=QQ==,i=4096", ScramError::Nonce),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096", ScramError::Malformed { message: "first", attribute: 's' }),
            (
                "r=rOprNGfwEbeRWgbNEkqOx,s=?,i=4096",
                ScramError::Malformed { message: "first", attribute: 's' },
            ),
            (
                "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=-1",
                ScramError::Malformed { message: "first", attribute: 'i' },
            ),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=4095", ScramError::Iterations { found: 4_095 }),
            ("r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=1000001", ScramError::Iterations { found: 1_000_001 }),
        ];
        for (server_first, expected) in cases {
            assert_eq!(prove(ScramHash::Sha256, server_first).err(), Some(expected), "{server_first}");
        }
    }

    #[test]
    fn names_with_commas_and_equal_signs_are_escaped() {
        let client = ScramClient::new(ScramHash::Sha256, "a=b,c", "x");
        assert_eq!(client.first_message(), "n,,n=a=3Db=2Cc,r=x");
    }
}
