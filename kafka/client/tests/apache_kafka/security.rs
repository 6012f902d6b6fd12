//! TLS and SASL against a real broker: every mechanism, refusals, and sessions that are renewed on their connection.

use std::time::Duration;

use strait_client::{
    ClientConfig, ClientIdentity, Connection, ConnectionError, SaslConfig, ScramHash, Secret, SecretSource,
    Security, Store, TlsConfig, Trust,
};
use strait_cluster_tests::kafka::CURRENT;
use strait_cluster_tests::secured::{
    Files, Listener, PLAIN_PASSWORD, SCRAM_PASSWORD, SESSION_MILLIS, STORE_PASSWORD, Secured,
};
use strait_cluster_tests::world::World;
use strait_wire::message::metadata::MetadataRequest;
use tokio::time::Instant;

use crate::block_on;

fn value(secret: &str) -> SecretSource {
    SecretSource::Value(Secret::new(secret.to_owned()))
}

fn trusting(files: &Files, name: &str) -> TlsConfig {
    let password = name.ends_with(".jks").then(|| value(STORE_PASSWORD));
    let trust = Trust::Store(Store { file: files.path(name).into(), password });
    TlsConfig { trust, ..TlsConfig::default() }
}

fn with_certificate(files: &Files) -> TlsConfig {
    let store = Store { file: files.path("client.p12").into(), password: Some(value(STORE_PASSWORD)) };
    let identity = Some(ClientIdentity::Store { store, key_password: None });
    TlsConfig { identity, ..trusting(files, "trust.jks") }
}

fn scram(hash: ScramHash, password: &str) -> SaslConfig {
    SaslConfig::Scram { hash, username: "strait".to_owned(), password: value(password) }
}

fn plain(password: &str) -> SaslConfig {
    SaslConfig::Plain { username: "strait".to_owned(), password: value(password) }
}

async fn call(address: &str, security: Security) -> Result<(), ConnectionError> {
    let config = ClientConfig { security, ..ClientConfig::default() };
    let connection = Connection::open(&config, address).await?;
    connection.call(&MetadataRequest::default()).await.map(drop)
}

/// One test for both, since such a broker takes longer to start than to ask.
#[test]
fn brokers_and_we_know_each_other_for_as_long_as_a_session() {
    let Some(world) = World::enter("brokers_and_we_know_each_other_for_as_long_as_a_session") else { return };
    let files = Files::make(world.folder()).expect("certificates");
    let broker = Secured::start(CURRENT, &files).expect("a broker");
    brokers_are_told_who_we_are_and_tell_who_they_are(&files, &broker);
    sessions_are_renewed_on_their_connection(&files, &broker);
}

fn brokers_are_told_who_we_are_and_tell_who_they_are(files: &Files, broker: &Secured) {
    let token_file = files.write("token", &Files::token(600).expect("a token")).expect("written");
    let tls = |name: &str| Some(trusting(files, name));
    let bearer = SaslConfig::OauthBearer { token_file: token_file.into() };
    let accepted = [
        (Listener::Ssl, tls("trust.jks"), None),
        (Listener::Ssl, tls("ca.pem"), None),
        (Listener::Mutual, Some(with_certificate(files)), None),
        (Listener::SaslPlaintext, None, Some(plain(PLAIN_PASSWORD))),
        (Listener::SaslPlaintext, None, Some(scram(ScramHash::Sha256, SCRAM_PASSWORD))),
        (Listener::SaslSsl, tls("ca.pem"), Some(scram(ScramHash::Sha512, SCRAM_PASSWORD))),
        (Listener::SaslSsl, tls("ca.pem"), Some(bearer)),
    ];
    let expired = files.write("expired", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4IiwiaWF0IjoxLCJleHAiOjJ9.");
    let expired = SaslConfig::OauthBearer { token_file: expired.expect("written").into() };
    let refused = [
        (Listener::Mutual, tls("trust.jks"), None, "TLS"),
        (Listener::SaslPlaintext, None, Some(plain("canary")), "Invalid username or password"),
        (Listener::SaslPlaintext, None, Some(scram(ScramHash::Sha512, "canary")), "invalid credentials"),
        (Listener::SaslPlaintext, None, Some(expired), "OAUTHBEARER"),
    ];
    block_on(async {
        for (listener, tls, sasl) in accepted {
            let outcome = call(&broker.address(listener), Security { tls, sasl: sasl.clone() }).await;
            outcome.unwrap_or_else(|error| panic!("{listener:?} {sasl:?}: {error}"));
        }
        for (listener, tls, sasl, said) in refused {
            let outcome = call(&broker.address(listener), Security { tls, sasl: sasl.clone() }).await;
            let error = outcome.expect_err("it is wrong");
            let shown = error.to_string();
            assert!(error.is_unauthorized(), "{listener:?} {sasl:?}: {error:?}");
            assert!(shown.contains(said) && !shown.contains("canary"), "{listener:?} {sasl:?}: {shown}");
        }
        let stranger = Security { tls: tls("stranger.pem"), sasl: None };
        let error = call(&broker.address(Listener::Ssl), stranger).await.expect_err("not trusted");
        assert!(matches!(&error, ConnectionError::Tls { .. }), "{error}");
        assert!(error.to_string().contains("UnknownIssuer"), "{error}");
        assert_names_count(files, broker).await;
    });
}

/// The broker's certificate is made for 127.0.0.1 only.
async fn assert_names_count(files: &Files, broker: &Secured) {
    let address = broker.address(Listener::Ssl).replace("127.0.0.1", "localhost");
    let checked = trusting(files, "ca.pem");
    let unchecked = TlsConfig { verify_hostname: false, ..checked.clone() };
    let error = call(&address, Security { tls: Some(checked), sasl: None }).await.expect_err("another name");
    assert!(error.to_string().contains("localhost"), "{error}");
    call(&address, Security { tls: Some(unchecked), sasl: None }).await.expect("any name");
    let stranger = TlsConfig { verify_hostname: false, ..trusting(files, "stranger.pem") };
    let outcome = call(&address, Security { tls: Some(stranger), sasl: None }).await;
    assert!(matches!(outcome, Err(ConnectionError::Tls { .. })), "{outcome:?}");
}

fn sessions_are_renewed_on_their_connection(files: &Files, broker: &Secured) {
    let password_file = files.write("password", SCRAM_PASSWORD).expect("written");
    let sasl = SaslConfig::Scram {
        hash: ScramHash::Sha512,
        username: "strait".to_owned(),
        password: SecretSource::File(password_file.into()),
    };
    let security = Security { tls: Some(trusting(files, "ca.pem")), sasl: Some(sasl) };
    let config = ClientConfig { security, ..ClientConfig::default() };
    let address = broker.address(Listener::SaslSsl);
    block_on(async {
        let connection = Connection::open(&config, &address).await.expect("connected");
        let (started, mut calls) = (Instant::now(), 0);
        while started.elapsed() < Duration::from_millis(3 * SESSION_MILLIS) {
            let version = connection.version_of::<MetadataRequest>().expect("a version");
            let sent: Vec<_> = (0..20)
                .map(|_| connection.submit(&MetadataRequest::default(), version).expect("sent"))
                .collect();
            for pending in sent {
                pending.await.expect("the connection stays");
                calls += 1;
            }
        }
        println!("{calls} calls on one connection over 3 sessions");
        files.write("password", "canary").expect("written");
        let closed = async {
            while !connection.is_closed() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let limit = Duration::from_millis(2 * SESSION_MILLIS);
        tokio::time::timeout(limit, closed).await.expect("a wrong password ends the connection");
        let error = connection.call(&MetadataRequest::default()).await.expect_err("it is closed");
        assert!(error.is_unauthorized() && !error.to_string().contains("canary"), "{error}");
    });
}
