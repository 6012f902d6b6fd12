//! Kafka's own tools with right and wrong credentials: our broker lets in whom Kafka lets in, and refuses in its words.

use strait_cluster_tests::secured::{Files, Listener, PLAIN_PASSWORD, SCRAM_PASSWORD, STORE_PASSWORD};

use super::pair::Pair;
use super::tools::{self, Step};

/// Both brokers, by the names of steps.
const SIDES: [&str; 2] = ["kafka", "ours"];
const MODULES: &str = "org.apache.kafka.common.security";

/// How a client comes.
struct Way {
    name: &'static str,
    listener: Listener,
    properties: String,
}

pub(super) fn ssl(files: &Files) -> String {
    format!(
        "security.protocol=SSL\nssl.truststore.location={}\nssl.truststore.password={STORE_PASSWORD}\n",
        files.path("trust.jks")
    )
}

/// With the certificate of a store.
fn mutual(files: &Files, store: &str) -> String {
    let store = files.path(store);
    let passwords = format!("ssl.keystore.password={STORE_PASSWORD}\nssl.key.password={STORE_PASSWORD}");
    format!("{}ssl.keystore.type=PKCS12\nssl.keystore.location={store}\n{passwords}\n", ssl(files))
}

fn sasl(protocol: &str, mechanism: &str, user: &str, password: &str) -> String {
    let module = if mechanism == "PLAIN" { "plain.PlainLoginModule" } else { "scram.ScramLoginModule" };
    format!(
        "security.protocol={protocol}\nsasl.mechanism={mechanism}\nsasl.jaas.config={MODULES}.{module} required \
         username=\"{user}\" password=\"{password}\";\n"
    )
}

fn bearer(lifetime_seconds: i32) -> String {
    format!(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\nsasl.jaas.config={MODULES}.oauthbearer.\
         OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"strait\" \
         unsecuredLoginLifetimeSeconds=\"{lifetime_seconds}\";\n"
    )
}

/// With TLS around it.
fn over_tls(files: &Files, sasl: &str) -> String {
    format!("{}{sasl}", ssl(files))
}

fn right(files: &Files) -> Vec<Way> {
    let way = |name, listener, properties| Way { name, listener, properties };
    let plain = |protocol| sasl(protocol, "PLAIN", "strait", PLAIN_PASSWORD);
    let scram = |protocol, hash| sasl(protocol, hash, "strait", SCRAM_PASSWORD);
    vec![
        way("ssl", Listener::Ssl, ssl(files)),
        way("mutual", Listener::Mutual, mutual(files, "client.p12")),
        way("plain", Listener::SaslPlaintext, plain("SASL_PLAINTEXT")),
        way("scram-256", Listener::SaslPlaintext, scram("SASL_PLAINTEXT", "SCRAM-SHA-256")),
        way("bearer", Listener::SaslPlaintext, bearer(3_600)),
        way("plain-tls", Listener::SaslSsl, over_tls(files, &plain("SASL_SSL"))),
        way("scram-512-tls", Listener::SaslSsl, over_tls(files, &scram("SASL_SSL", "SCRAM-SHA-512"))),
    ]
}

fn wrong(files: &Files) -> Vec<Way> {
    let way = |name, listener, properties| Way { name, listener, properties };
    let named = |mechanism, user| sasl("SASL_PLAINTEXT", mechanism, user, "wrong-canary");
    vec![
        way("no-certificate", Listener::Mutual, ssl(files)),
        way("expired-certificate", Listener::Mutual, mutual(files, "expired.p12")),
        way("unknown-authority", Listener::Mutual, mutual(files, "stranger.p12")),
        way("wrong-password", Listener::SaslPlaintext, named("PLAIN", "strait")),
        way("unknown-user", Listener::SaslPlaintext, named("PLAIN", "nobody")),
        way("wrong-scram", Listener::SaslPlaintext, named("SCRAM-SHA-256", "strait")),
        way("unknown-scram", Listener::SaslPlaintext, named("SCRAM-SHA-512", "nobody")),
        way("wrong-scram-tls", Listener::SaslSsl, {
            over_tls(files, &sasl("SASL_SSL", "SCRAM-SHA-512", "strait", "wrong-canary"))
        }),
    ]
}

pub(super) fn are_let_in_and_refused_as_by_kafka(pair: &Pair) {
    let files = &pair.files;
    let (right, wrong) = (right(files), wrong(files));
    let mut steps = Vec::from(make_user(&pair.ours.address()));
    let open = pair.open_addresses();
    steps.extend(open.iter().zip(SIDES).map(|(address, side)| {
        let create = ["--create", "--topic", "seen", "--if-not-exists"];
        Step::new(format!("create-{side}"), tools::TOPICS, address, "", &create)
    }));
    for Way { name, listener, properties } in right.iter().chain(&wrong) {
        let addresses = pair.addresses(*listener);
        steps.extend(addresses.iter().zip(SIDES).map(|(address, side)| {
            Step::new(format!("{name}-{side}"), tools::TOPICS, address, properties, &["--list"])
        }));
    }
    let said = tools::run(&pair.folder().join("clients"), &steps).expect("all tools end");
    let of = |name: &str| SIDES.map(|side| &said[&format!("{name}-{side}")]);

    for (_, said) in said.iter().filter(|(name, _)| name.starts_with("user-")) {
        assert!(said.is_success && said.output.contains("Completed"), "{said:?}");
    }
    for said in of("create") {
        assert!(said.is_success, "{said:?}");
    }
    for Way { name, .. } in &right {
        for said in of(name) {
            assert!(said.is_success && said.output.contains("seen"), "{name}: {said:?}");
        }
    }
    for Way { name, .. } in &wrong {
        let [kafka, ours] = of(name).map(|said| {
            assert!(!said.is_success, "{name} is let in: {said:?}");
            tools::refusal(&said.output)
        });
        let is_said = kafka.starts_with("Error while executing") && !kafka.contains("Timed out");
        assert!(is_said, "{name}: {kafka}");
        assert_eq!(ours, kafka, "{name}");
    }
    let log = pair.ours.log();
    assert!(!log.contains("canary"), "a secret is shown: {log}");
}

/// At our broker; the harness makes that of Kafka. One request takes one credential of a user.
fn make_user(address: &str) -> [Step; 2] {
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].map(|mechanism| {
        let credential = format!("{mechanism}=[password={SCRAM_PASSWORD}]");
        let user = ["--entity-type", "users", "--entity-name", "strait", "--alter", "--add-config"];
        let arguments = [&user[..], &[&credential]].concat();
        Step::new(format!("user-{mechanism}"), "kafka.admin.ConfigCommand", address, "", &arguments)
    })
}
