use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::*;

/// The example of RFC 7515, A.2.1: key, header and claims that were signed with RS256.
const RSA_KEY: &str = r#"{"keys":[{"kty":"RSA","kid":"a","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}]}"#;
const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

const NOW_MS: i64 = 1_700_000_000_000;
const NOW: i64 = NOW_MS / 1_000;

fn rules() -> JwtRules {
    JwtRules { audiences: Vec::new(), issuer: None, name_claim: "sub".to_owned(), clock_skew_ms: 30_000 }
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn unsigned(claims: &Value) -> String {
    format!("{}.{}.", encoded(&json!({"alg": "none"})), encoded(claims))
}

fn claims() -> Value {
    json!({"sub": "alice", "iat": NOW, "exp": NOW + 60, "aud": ["other", "kafka"], "iss": "https://issuer"})
}

fn outcome(changes: Value, rules: &JwtRules) -> Result<String, JwtError> {
    let mut claims = claims();
    for (name, value) in changes.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    validate(&unsigned(&claims), &Issuer::Nobody, rules, NOW_MS).map(|token| token.name)
}

#[test]
fn the_token_of_rfc_7515_is_signed() {
    let keys = Issuer::Keys(KeySet::parse(RSA_KEY.as_bytes()).expect("a key"));
    // The signature is right: what is missing is the time of issue.
    let missing = JwtError::Claim { claim: "iat".to_owned() };
    assert_eq!(validate(RSA_TOKEN, &keys, &rules(), NOW_MS), Err(missing));
    let changed = RSA_TOKEN.replace(".cC4hi", ".cC4hj");
    assert_eq!(validate(&changed, &keys, &rules(), NOW_MS), Err(JwtError::Signature));
    let unsigned = unsigned(&claims());
    assert_eq!(
        validate(&unsigned, &keys, &rules(), NOW_MS),
        Err(JwtError::Algorithm { found: "none".to_owned() })
    );
    assert!(validate(RSA_TOKEN, &Issuer::Nobody, &rules(), NOW_MS).is_err());
}

#[test]
fn es256_by_the_key_that_is_named() {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).expect("a key");
    let point = pair.public_key().as_ref();
    let coordinate = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
    let key =
        json!({"kty": "EC", "crv": "P-256", "kid": "b", "x": coordinate(1..33), "y": coordinate(33..65)});
    let keys = json!({"keys": [{"kty": "oct", "k": "AA"}, key]}).to_string();
    let keys = Issuer::Keys(KeySet::parse(keys.as_bytes()).expect("a key"));
    let token = |header: Value| {
        let signed = format!("{}.{}", encoded(&header), encoded(&claims()));
        let signature = pair.sign(&random, signed.as_bytes()).expect("signed");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let name = |header| validate(&token(header), &keys, &rules(), NOW_MS).map(|token| token.name);
    assert_eq!(name(json!({"alg": "ES256", "kid": "b"})), Ok("alice".to_owned()));
    assert_eq!(name(json!({"alg": "ES256"})), Ok("alice".to_owned()));
    assert_eq!(name(json!({"alg": "ES256", "kid": "c"})), Err(JwtError::Signature));
    assert_eq!(name(json!({"alg": "RS256", "kid": "b"})), Err(JwtError::Signature));
    assert!(matches!(name(json!({"alg": "HS256"})), Err(JwtError::Algorithm { .. })));
    assert!(name(json!({"alg": "ES256", "crit": ["x"]})).is_err());
    let changed = token(json!({"alg": "ES256"})).replacen(&encoded(&claims()), &encoded(&json!({})), 1);
    assert_eq!(validate(&changed, &keys, &rules(), NOW_MS), Err(JwtError::Signature));
}

#[test]
fn claims_decide() {
    let claim = |name: &str| Err(JwtError::Claim { claim: name.to_owned() });
    for (changes, expected) in [
        (json!({}), Ok("alice".to_owned())),
        (json!({"sub": " "}), claim("sub")),
        (json!({"sub": 5}), claim("sub")),
        (json!({"exp": null}), claim("exp")),
        (json!({"exp": "soon"}), claim("exp")),
        (json!({"iat": null}), claim("iat")),
        (json!({"exp": NOW - 29}), Ok("alice".to_owned())),
        (json!({"exp": NOW - 30}), Err(JwtError::Expired)),
        (json!({"nbf": NOW + 30}), Ok("alice".to_owned())),
        (json!({"nbf": NOW + 31}), Err(JwtError::NotYet)),
    ] {
        assert_eq!(outcome(changes.clone(), &rules()), expected, "{changes}");
    }
    let strict = JwtRules {
        audiences: vec!["kafka".to_owned()],
        issuer: Some("https://issuer".to_owned()),
        ..rules()
    };
    for (changes, expected) in [
        (json!({}), Ok("alice".to_owned())),
        (json!({"aud": "kafka"}), Ok("alice".to_owned())),
        (json!({"aud": "other"}), Err(JwtError::Audience)),
        (json!({"aud": null}), Err(JwtError::Audience)),
        (json!({"iss": "https://other"}), Err(JwtError::Issuer)),
    ] {
        assert_eq!(outcome(changes.clone(), &strict), expected, "{changes}");
    }
    let other = JwtRules { name_claim: "client_id".to_owned(), ..rules() };
    assert_eq!(outcome(json!({"client_id": "service"}), &other), Ok("service".to_owned()));
    assert_eq!(outcome(json!({}), &other), claim("client_id"));
}

#[test]
fn what_is_no_token_or_key_is_refused() {
    for token in ["", ".", "..", "a.b.c", "e30.e30.", "e30.e30.e30.e30", "W10.e30."] {
        assert!(validate(token, &Issuer::Nobody, &rules(), NOW_MS).is_err(), "{token}");
    }
    assert_eq!(KeySet::parse(b"{\"keys\":[]}").err(), Some(KeySetError::Empty));
    for text in ["", "{}", "[]", "{\"keys\":{}}"] {
        assert!(matches!(KeySet::parse(text.as_bytes()), Err(KeySetError::Malformed { .. })), "{text}");
    }
}
