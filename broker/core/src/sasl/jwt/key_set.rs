//! Public keys in JSON (RFC 7517, 7518): RSA, and elliptic curves of 256 bits.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::JwtError;

/// Keys that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    #[error("it is no set of keys in JSON: {reason}")]
    Malformed { reason: String },
    #[error("it holds no key for RS256 or ES256")]
    Empty,
}

/// Keys by which tokens are checked.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
}

impl KeySet {
    /// Reads `{"keys": [...]}`. Keys of other kinds and for other uses are left out.
    pub fn parse(text: &[u8]) -> Result<Self, KeySetError> {
        let malformed = |reason: String| KeySetError::Malformed { reason };
        let set: Value = serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?;
        let listed = set.get("keys").and_then(Value::as_array);
        let listed = listed.ok_or_else(|| malformed("there is no list `keys`".to_owned()))?;
        let keys: Vec<Key> = listed.iter().filter_map(Key::read).collect();
        if keys.is_empty() { Err(KeySetError::Empty) } else { Ok(Self { keys }) }
    }

    /// Checks a signature by the key that is named, or else by any that fits.
    pub(super) fn verify(
        &self,
        (algorithm, key_id): (&str, Option<&str>),
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), JwtError> {
        if !["RS256", "ES256"].contains(&algorithm) {
            return Err(JwtError::Algorithm { found: algorithm.to_owned() });
        }
        let is_meant = |key: &&Key| key_id.is_none() || key.id.as_deref() == key_id;
        let mut meant = self.keys.iter().filter(is_meant);
        match meant.any(|key| key.material.verifies(algorithm, signed, signature)) {
            true => Ok(()),
            false => Err(JwtError::Signature),
        }
    }
}

impl Key {
    fn read(json: &Value) -> Option<Self> {
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let material = match (text("kty")?, text("alg")) {
            ("RSA", None | Some("RS256")) => Material::Rsa { modulus: bytes("n")?, exponent: bytes("e")? },
            ("EC", None | Some("ES256")) if text("crv") == Some("P-256") => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                if (x.len(), y.len()) != (32, 32) {
                    return None;
                }
                Material::P256([&[4], &x[..], &y[..]].concat())
            }
            _ => return None,
        };
        Some(Self { id: text("kid").map(str::to_owned), material })
    }
}

impl Material {
    fn verifies(&self, algorithm: &str, signed: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::Rsa { modulus, exponent }, "RS256") => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
            (Self::P256(point), "ES256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
            }
            _ => false,
        }
    }
}
