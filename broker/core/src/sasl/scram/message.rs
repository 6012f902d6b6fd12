//! What client and server say to each other (`ScramMessages`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Why an exchange ends without success. The client hears nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScramError {
    #[error("the client's {which} message is malformed")]
    Malformed { which: &'static str },
    #[error("Authentication failed: Client requested an authorization id that is different from username")]
    OtherIdentity,
    #[error("the client's nonce is not that of this exchange")]
    Nonce,
    #[error("the user is not known")]
    UnknownUser,
    #[error("the password is wrong")]
    WrongPassword,
}

/// `n,[a=identity],n=username,r=nonce[,extensions]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientFirst {
    pub(super) identity: String,
    pub(super) username: String,
    pub(super) nonce: String,
    /// The name is that of a delegation token.
    pub(super) is_token: bool,
    /// The message behind the header, which is signed.
    pub(super) bare: String,
}

impl ClientFirst {
    pub(super) fn parse(message: &[u8]) -> Result<Self, ScramError> {
        std::str::from_utf8(message).ok().and_then(Self::read).ok_or(ScramError::Malformed { which: "first" })
    }

    fn read(message: &str) -> Option<Self> {
        let (identity, bare) = message.strip_prefix("n,")?.split_once(',')?;
        let identity = match identity {
            "" => String::new(),
            given => unescaped(given.strip_prefix("a=")?)?,
        };
        let mut parts = bare.split(',').peekable();
        // Reserved for extensions that must be understood; Kafka passes over it.
        parts.next_if(|part| part.starts_with("m="));
        let username = unescaped(parts.next()?.strip_prefix("n=")?)?;
        let nonce = parts.next()?.strip_prefix("r=").filter(|nonce| is_nonce(nonce))?.to_owned();
        let extensions: Vec<&str> = parts.collect();
        if username.is_empty() || !extensions.iter().all(|extension| extension.contains('=')) {
            return None;
        }
        let is_token = extensions.iter().any(|extension| extension.eq_ignore_ascii_case("tokenauth=true"));
        Some(Self { identity, username, nonce, is_token, bare: bare.to_owned() })
    }
}

/// Printable and without commas.
fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A name with `=2C` and `=3D` in place of commas and equal signs.
fn unescaped(name: &str) -> Option<String> {
    let name = name.replace("=2C", ",");
    if name.replace("=3D", "").contains('=') {
        return None;
    }
    Some(name.replace("=3D", "="))
}

/// `r=nonce,s=salt,i=iterations`.
pub(super) fn server_first(nonce: &str, salt: &[u8], iterations: i32) -> String {
    format!("r={nonce},s={},i={iterations}", STANDARD.encode(salt))
}

/// `v=signature`.
pub(super) fn server_final(signature: &[u8]) -> String {
    format!("v={}", STANDARD.encode(signature))
}

/// `c=binding,r=nonce[,extensions],p=proof`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientFinal {
    pub(super) nonce: String,
    pub(super) proof: Vec<u8>,
    /// The message before the proof, which is signed.
    pub(super) without_proof: String,
}

impl ClientFinal {
    pub(super) fn parse(message: &[u8]) -> Result<Self, ScramError> {
        std::str::from_utf8(message).ok().and_then(Self::read).ok_or(ScramError::Malformed { which: "final" })
    }

    fn read(message: &str) -> Option<Self> {
        let (without_proof, proof) = message.rsplit_once(",p=")?;
        let mut parts = without_proof.split(',');
        let binding = STANDARD.decode(parts.next()?.strip_prefix("c=")?).ok()?;
        // The header of the first message: no channel binding.
        if !binding.starts_with(b"n,") {
            return None;
        }
        let nonce = parts.next()?.strip_prefix("r=")?.to_owned();
        let proof = STANDARD.decode(proof).ok()?;
        Some(Self { nonce, proof, without_proof: without_proof.to_owned() })
    }
}
