//! PLAIN (RFC 4616): `[identity] NUL username NUL password` (`PlainSaslServer`).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

use super::error::SaslError;

/// The name of whoever sent a token with the right password.
pub(super) fn authenticate(
    token: &[u8],
    password_of: impl FnOnce(&str) -> Option<String>,
) -> Result<String, SaslError> {
    let text = String::from_utf8_lossy(token);
    let parts: Vec<&str> = text.splitn(5, '\0').take(4).collect();
    let [identity, username, password] = parts[..] else {
        return Err(SaslError::PlainTokens { found: parts.len() });
    };
    if username.is_empty() {
        return Err(SaslError::NoUsername);
    }
    if password.is_empty() {
        return Err(SaslError::NoPassword);
    }
    let known = password_of(username);
    let is_known = known.is_some();
    // Digests have one length, and an unknown user costs as much as a known one.
    let expected = digest(&SHA256, known.unwrap_or_default().as_bytes());
    let given = digest(&SHA256, password.as_bytes());
    let is_equal = verify_slices_are_equal(expected.as_ref(), given.as_ref()).is_ok();
    if !(is_equal && is_known) {
        return Err(SaslError::WrongPassword);
    }
    if !identity.is_empty() && identity != username {
        return Err(SaslError::OtherIdentity);
    }
    Ok(username.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(token: &str) -> Result<String, SaslError> {
        authenticate(token.as_bytes(), |username| (username == "alice").then(|| "wonder".to_owned()))
    }

    #[test]
    fn tokens() {
        assert_eq!(outcome("\0alice\0wonder"), Ok("alice".to_owned()));
        assert_eq!(outcome("alice\0alice\0wonder"), Ok("alice".to_owned()));
        assert_eq!(outcome("bob\0alice\0wonder"), Err(SaslError::OtherIdentity));
        assert_eq!(outcome("\0alice\0wonde"), Err(SaslError::WrongPassword));
        assert_eq!(outcome("\0bob\0wonder"), Err(SaslError::WrongPassword));
        assert_eq!(outcome("\0\0wonder"), Err(SaslError::NoUsername));
        assert_eq!(outcome("\0alice\0"), Err(SaslError::NoPassword));
        assert_eq!(outcome("alice"), Err(SaslError::PlainTokens { found: 1 }));
        assert_eq!(outcome("\0alice\0wonder\0"), Err(SaslError::PlainTokens { found: 4 }));
        assert_eq!(outcome("\0\0\0\0\0\0\0"), Err(SaslError::PlainTokens { found: 4 }));
        assert_eq!(authenticate(b"\0bob\0\xff", |_| None), Err(SaslError::WrongPassword));
    }
}
