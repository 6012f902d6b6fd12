//! Tokens in JSON (RFC 7515, 7519): whose they are and until when (`BrokerJwtValidator`). RS256 and ES256.

// Keys in JSON.
mod key_set;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::bearer::BearerToken;

pub use key_set::{KeySet, KeySetError};

/// What a token must say, by Kafka's names behind `sasl.oauthbearer.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtRules {
    /// `expected.audience`: one of these; empty: any.
    pub audiences: Vec<String>,
    /// `expected.issuer`.
    pub issuer: Option<String>,
    /// `sub.claim.name`: the claim with the name.
    pub name_claim: String,
    /// `clock.skew.seconds`: how far clocks may be apart.
    pub clock_skew_ms: i64,
}

/// Who vouches for tokens.
#[derive(Clone, Debug)]
pub enum Issuer {
    /// Whoever has the private keys.
    Keys(KeySet),
    /// Nobody: tokens have no signature. For tests only, as Kafka says of its own.
    Nobody,
}

/// A token that is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    #[error("the token is no JWT")]
    Malformed,
    #[error("the token's algorithm {found} is not taken")]
    Algorithm { found: String },
    #[error("no key fits the token's signature")]
    Signature,
    #[error("the token has no valid claim {claim}")]
    Claim { claim: String },
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYet,
    #[error("the token is for somebody else")]
    Audience,
    #[error("the token comes from somebody else")]
    Issuer,
}

/// Checks a token.
pub fn validate(
    token: &str,
    issuer: &Issuer,
    rules: &JwtRules,
    now_ms: i64,
) -> Result<BearerToken, JwtError> {
    let parts: Vec<&str> = token.splitn(4, '.').collect();
    let [header, claims, signature] = parts[..] else { return Err(JwtError::Malformed) };
    let signed = token.get(..header.len() + 1 + claims.len()).ok_or(JwtError::Malformed)?;
    let (header, claims) = (object(header)?, object(claims)?);
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| JwtError::Malformed)?;
    let algorithm = text(&header, "alg")?;
    match issuer {
        Issuer::Nobody if algorithm == "none" && signature.is_empty() => {}
        Issuer::Nobody => return Err(JwtError::Algorithm { found: algorithm.to_owned() }),
        Issuer::Keys(keys) => {
            // An extension that has to be understood is not.
            if header.contains_key("crit") {
                return Err(JwtError::Claim { claim: "crit".to_owned() });
            }
            let key_id = header.get("kid").and_then(Value::as_str);
            keys.verify((algorithm, key_id), signed.as_bytes(), &signature)?;
        }
    }
    check(&claims, rules, now_ms)
}

fn object(part: &str) -> Result<Map<String, Value>, JwtError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| JwtError::Malformed)
}

fn text<'a>(object: &'a Map<String, Value>, claim: &str) -> Result<&'a str, JwtError> {
    let found = object.get(claim).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    found.ok_or_else(|| JwtError::Claim { claim: claim.to_owned() })
}

/// A time in milliseconds out of seconds.
fn time(claims: &Map<String, Value>, claim: &str) -> Result<Option<i64>, JwtError> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    let millis = value.as_f64().map(|seconds| seconds * 1_000.0).filter(|millis| *millis >= 0.0);
    match millis {
        Some(millis) => Ok(Some(millis as i64)),
        None => Err(JwtError::Claim { claim: claim.to_owned() }),
    }
}

fn check(claims: &Map<String, Value>, rules: &JwtRules, now_ms: i64) -> Result<BearerToken, JwtError> {
    let missing = |claim: &str| JwtError::Claim { claim: claim.to_owned() };
    let expires_ms = time(claims, "exp")?.ok_or_else(|| missing("exp"))?;
    time(claims, "iat")?.ok_or_else(|| missing("iat"))?;
    if now_ms.saturating_sub(rules.clock_skew_ms) >= expires_ms {
        return Err(JwtError::Expired);
    }
    if time(claims, "nbf")?.is_some_and(|begins_ms| now_ms.saturating_add(rules.clock_skew_ms) < begins_ms) {
        return Err(JwtError::NotYet);
    }
    if !rules.audiences.is_empty() && !is_for(claims.get("aud"), &rules.audiences) {
        return Err(JwtError::Audience);
    }
    if rules.issuer.is_some() && claims.get("iss").and_then(Value::as_str) != rules.issuer.as_deref() {
        return Err(JwtError::Issuer);
    }
    Ok(BearerToken { name: text(claims, &rules.name_claim)?.to_owned(), expires_ms })
}

/// One audience or a list of them.
fn is_for(found: Option<&Value>, expected: &[String]) -> bool {
    let is_expected =
        |value: &Value| value.as_str().is_some_and(|text| expected.iter().any(|name| name == text));
    match found {
        Some(Value::Array(audiences)) => audiences.iter().any(is_expected),
        Some(audience) => is_expected(audience),
        None => false,
    }
}

#[cfg(test)]
mod tests;
