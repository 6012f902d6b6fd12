//! OAUTHBEARER (RFC 7628): what carries a token, and the answer to one that is not believed
//! (`OAuthBearerSaslServer`, `OAuthBearerClientInitialResponse`).

use super::error::SaslError;

/// What a token says that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BearerToken {
    /// Whose it is.
    pub name: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: i64,
}

/// What a client sends after it was told that its token is not believed.
pub(super) const ACKNOWLEDGEMENT: &[u8] = b"\x01";
/// What is told of such a token; the reason is not.
pub(super) const REFUSED: &str = "{\"status\":\"invalid_token\"}";

/// A client's first message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FirstMessage<'a> {
    pub(super) identity: &'a str,
    pub(super) token: &'a str,
}

impl<'a> FirstMessage<'a> {
    /// `n,[a=identity],` and pairs, each followed by a byte 1, and a byte 1. One pair is `auth=Bearer <token>`.
    pub(super) fn parse(message: &'a [u8]) -> Result<Self, SaslError> {
        std::str::from_utf8(message).ok().and_then(Self::read).ok_or(SaslError::MalformedBearer)
    }

    fn read(message: &'a str) -> Option<Self> {
        let (identity, pairs) = message.strip_prefix("n,")?.split_once(",\u{1}")?;
        let identity = match identity {
            "" => "",
            given => given.strip_prefix("a=").filter(|name| !name.is_empty())?,
        };
        let mut token = None;
        for pair in pairs.strip_suffix("\u{1}\u{1}")?.split('\u{1}') {
            let (key, value) = pair.split_once('=')?;
            if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                return None;
            }
            if key == "auth" {
                let (scheme, given) = value.split_once(' ')?;
                token = Some(given.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"));
            }
        }
        Some(Self { identity, token: token.filter(|token| !token.is_empty())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_messages() {
        let parse = |text: &'static str| FirstMessage::parse(text.as_bytes());
        let message = |identity, token| Ok(FirstMessage { identity, token });
        assert_eq!(parse("n,,\u{1}auth=Bearer a.b.c\u{1}\u{1}"), message("", "a.b.c"));
        assert_eq!(parse("n,a=bob,\u{1}auth=bearer t\u{1}\u{1}"), message("bob", "t"));
        assert_eq!(parse("n,,\u{1}traceId=1\u{1}auth=Bearer t\u{1}\u{1}"), message("", "t"));
        for wrong in [
            "",
            "n,,",
            "n,,\u{1}\u{1}",
            "y,,\u{1}auth=Bearer t\u{1}\u{1}",
            "n,a=,\u{1}auth=Bearer t\u{1}\u{1}",
            "n,,\u{1}auth=Basic t\u{1}\u{1}",
            "n,,\u{1}auth=Bearer \u{1}\u{1}",
            "n,,\u{1}auth=Bearer t\u{1}",
            "n,,\u{1}other=1\u{1}\u{1}",
            "n,,\u{1}auth=Bearer t\u{1}1=2\u{1}\u{1}",
        ] {
            assert_eq!(parse(wrong), Err(SaslError::MalformedBearer), "{wrong:?}");
        }
    }
}
