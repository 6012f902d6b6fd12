//! Exchanges as clients have them.

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::{any, prop, prop_assert, proptest};
use strait_wire::api_key::ApiKey;

use super::scram::{ScramCredential, ScramError, ScramMechanism};
use super::*;

struct Users;

const SALT: &[u8] = b"salt-of-alice";

fn salted(password: &str) -> [u8; 32] {
    let mut salted = [0; 32];
    let iterations = NonZeroU32::new(4_096).expect("not zero");
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, SALT, password.as_bytes(), &mut salted);
    salted
}

impl Credentials for Users {
    fn password(&self, username: &str) -> Option<String> {
        ["alice", "bob"].contains(&username).then(|| format!("{username}-secret"))
    }

    fn scram(&self, mechanism: ScramMechanism, username: &str) -> Option<ScramCredential> {
        let known = mechanism == ScramMechanism::Sha256 && username == "alice";
        let salted = || salted("wonder");
        known.then(|| ScramCredential::of_salted_password(mechanism, SALT.to_vec(), &salted(), 4_096))
    }

    fn bearer(&self, token: &str, now_ms: i64) -> Option<BearerToken> {
        let name = token.strip_prefix("good-")?.to_owned();
        Some(BearerToken { name, expires_ms: now_ms + 60_000 })
    }

    fn secret(&self) -> &[u8] {
        b"secret"
    }
}

const CONTEXT: TokenContext<'static> = TokenContext { nonce: "server", now_ms: 1_000 };
const SHA_256: Mechanism = Mechanism::Scram(ScramMechanism::Sha256);

fn started(mechanism: Mechanism) -> SaslExchange {
    let mut exchange = SaslExchange::new(Mechanism::ALL.to_vec());
    assert!(exchange.handshake(mechanism.name(), 1));
    exchange
}

fn token(exchange: &mut SaslExchange, token: &str) -> Result<Step, SaslError> {
    exchange.token(token.as_bytes(), &Users, CONTEXT)
}

fn name(step: Step) -> String {
    match step {
        Step::Complete { authenticated, .. } => authenticated.name,
        Step::Challenge(challenge) => panic!("a challenge: {challenge:?}"),
    }
}

fn challenge(step: Step) -> String {
    match step {
        Step::Challenge(challenge) => String::from_utf8(challenge).expect("text"),
        Step::Complete { authenticated, .. } => panic!("{authenticated:?}"),
    }
}

fn sign(key: &[u8], message: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes()).as_ref().to_vec()
}

/// A client's last message, for whichever salt it was told.
fn proof(username: &str, password: &str, server_first: &str) -> String {
    let nonce = server_first.split(',').next().expect("a nonce");
    let without_proof = format!("c=biws,{nonce}");
    let signed = format!("n={username},r=client,{server_first},{without_proof}");
    let client_key = sign(&salted(password), "Client Key");
    let stored_key = digest::digest(&digest::SHA256, &client_key);
    let signature = sign(stored_key.as_ref(), &signed);
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, signature)| key ^ signature).collect();
    format!("{without_proof},p={}", STANDARD.encode(proof))
}

#[test]
fn requests_are_allowed_in_their_time_only() {
    let allowed = |exchange: &SaslExchange| {
        let keys =
            [ApiKey::API_VERSIONS, ApiKey::SASL_HANDSHAKE, ApiKey::SASL_AUTHENTICATE, ApiKey::METADATA];
        keys.map(|key| exchange.permit(key).is_ok())
    };
    let mut exchange = SaslExchange::new(vec![Mechanism::Plain]);
    assert_eq!(allowed(&exchange), [true, true, false, false]);
    exchange.versions_told();
    assert_eq!(allowed(&exchange), [false, true, false, false]);
    assert!(exchange.handshake("PLAIN", 1));
    assert_eq!((allowed(&exchange), exchange.expected()), ([false, false, true, false], Expected::Request));
    token(&mut exchange, "\0alice\0alice-secret").expect("known");
    assert_eq!(allowed(&exchange), [false; 4]);

    let mut exchange = SaslExchange::new(vec![Mechanism::Plain]);
    assert!(exchange.handshake("PLAIN", 0));
    assert_eq!((allowed(&exchange), exchange.expected()), ([false; 4], Expected::Token));
    let mut exchange = SaslExchange::new(vec![Mechanism::Plain]);
    assert!(!exchange.handshake("SCRAM-SHA-256", 1));
    assert_eq!(allowed(&exchange), [false; 4]);
    assert!(!SaslExchange::new(vec![Mechanism::Plain]).handshake("GSSAPI", 1));
}

#[test]
fn scram_knows_the_right_password_only() {
    for (username, password, expected) in [
        ("alice", "wonder", Ok("alice".to_owned())),
        ("alice", "wrong", Err(ScramError::WrongPassword.into())),
        ("nobody", "wonder", Err(ScramError::UnknownUser.into())),
    ] {
        let mut exchange = started(SHA_256);
        let first = token(&mut exchange, &format!("n,,n={username},r=client")).expect("a challenge");
        let first = challenge(first);
        assert!(first.starts_with("r=clientserver,s=") && first.ends_with(",i=4096"), "{first}");
        let outcome = token(&mut exchange, &proof(username, password, &first));
        assert_eq!(outcome.map(name), expected, "{username} {password}");
    }
}

#[test]
fn who_does_not_exist_has_always_the_same_salt() {
    let salt_of = |username| {
        challenge(token(&mut started(SHA_256), &format!("n,,n={username},r=client")).expect("a challenge"))
    };
    assert_eq!(salt_of("nobody"), salt_of("nobody"));
    assert_ne!(salt_of("nobody"), salt_of("nobody-else"));
}

#[test]
fn scram_refuses_what_is_malformed() {
    for message in [
        "",
        "n,,",
        "y,,n=alice,r=x",
        "p=tls,,n=alice,r=x",
        "n,,n=,r=x",
        "n,,n=alice,r=",
        "n,,n=a=b,r=x",
        "n,,r=x,n=alice",
        "n,,n=alice,r=x,y",
    ] {
        let error = token(&mut started(SHA_256), message).expect_err(message);
        assert_eq!(error, ScramError::Malformed { which: "first" }.into(), "{message}");
        assert!(
            error
                .told(SHA_256, false)
                .expect("told")
                .ends_with("invalid credentials with SASL mechanism SCRAM-SHA-256")
        );
    }
    let other = token(&mut started(SHA_256), "n,a=bob,n=alice,r=x").expect_err("refused");
    assert_eq!(other.told(SHA_256, false), Some(SaslError::OtherIdentity.to_string()));
    for (message, expected) in [
        ("c=biws,r=clientother,p=QQ==", ScramError::Nonce),
        ("c=biws,r=clientserver,p=QQ==", ScramError::WrongPassword),
        ("c=biws,r=clientserver,p=", ScramError::WrongPassword),
        ("c=eSws,r=clientserver,p=QQ==", ScramError::Malformed { which: "final" }),
        ("r=clientserver,p=QQ==", ScramError::Malformed { which: "final" }),
    ] {
        let mut exchange = started(SHA_256);
        token(&mut exchange, "n,,n=alice,r=client,x=1").expect("a challenge");
        assert_eq!(token(&mut exchange, message), Err(expected.into()), "{message}");
        assert_eq!(token(&mut exchange, message), Err(SaslError::NotExpected));
    }
}

#[test]
fn a_token_that_is_not_believed_is_acknowledged_first() {
    let first = |token: &str| format!("n,,\u{1}auth=Bearer {token}\u{1}\u{1}");
    let mut exchange = started(Mechanism::OauthBearer);
    let Ok(Step::Complete { authenticated, .. }) = token(&mut exchange, &first("good-alice")) else {
        panic!("not believed")
    };
    assert_eq!((authenticated.name.as_str(), authenticated.expires_ms), ("alice", Some(61_000)));
    let mut exchange = started(Mechanism::OauthBearer);
    let told = challenge(token(&mut exchange, &first("bad")).expect("a challenge"));
    assert_eq!(told, "{\"status\":\"invalid_token\"}");
    let error = token(&mut exchange, "\u{1}").expect_err("refused");
    assert_eq!(error.told(Mechanism::OauthBearer, false), Some(told));
    let mut exchange = started(Mechanism::OauthBearer);
    let error = token(&mut exchange, "\u{1}").expect_err("nothing to acknowledge");
    assert_eq!(error, SaslError::MalformedBearer);
}

#[test]
fn who_authenticates_again_is_the_same_by_the_same_means() {
    let session = SaslSession::new(Mechanism::Plain, "alice".to_owned(), Some(10), 0);
    let again = || SaslExchange::again(Mechanism::ALL.to_vec(), session.clone());
    let mut exchange = again();
    assert!(exchange.permit(ApiKey::API_VERSIONS).is_err());
    assert!(exchange.handshake("PLAIN", 1));
    assert_eq!(token(&mut exchange, "\0alice\0alice-secret").map(name), Ok("alice".to_owned()));
    let mut exchange = again();
    assert!(exchange.handshake("PLAIN", 1));
    let error = token(&mut exchange, "\0bob\0bob-secret").expect_err("another");
    assert_eq!(
        error.told(Mechanism::Plain, true).as_deref(),
        Some("Cannot change principals during re-authentication from User.alice: User.bob")
    );
    let mut exchange = again();
    assert!(exchange.handshake("SCRAM-SHA-256", 1));
    let error = token(&mut exchange, "n,,n=alice,r=x").expect_err("another mechanism");
    assert_eq!((error.told(SHA_256, true), error.to_string().contains("re-authentication")), (None, true));
}

proptest! {
    #[test]
    fn no_token_is_taken_by_chance(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        which in 0..4_usize,
        repeats in 1..4_usize,
    ) {
        let mut exchange = started(Mechanism::ALL[which]);
        for _ in 0..repeats {
            let step = exchange.token(&bytes, &Users, CONTEXT);
            let is_known = matches!(step, Ok(Step::Complete { .. }));
            prop_assert!(!is_known);
        }
    }
}
