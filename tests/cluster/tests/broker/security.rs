//! Kafka's own tools with right and wrong credentials: our broker lets in whom Kafka lets in, and refuses in its words.

use std::time::Duration;

use strait_cluster_tests::secured::{Files, Listener, PLAIN_PASSWORD, SCRAM_PASSWORD, STORE_PASSWORD};
use strait_cluster_tests::wait::{self, Attempt};

use crate::pair::{Pair, tool};

const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";
const CONFIGS: &str = "kafka.admin.ConfigCommand";
const MODULES: &str = "org.apache.kafka.common.security";

/// How a client comes.
struct Way {
    name: &'static str,
    listener: Listener,
    properties: String,
}

fn ssl(files: &Files) -> String {
    format!(
        "security.protocol=SSL\nssl.truststore.location={}\nssl.truststore.password={STORE_PASSWORD}\n",
        files.path("trust.jks")
    )
}

fn mutual(files: &Files) -> String {
    let store = files.path("client.p12");
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
        way("mutual", Listener::Mutual, mutual(files)),
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
        way("wrong-password", Listener::SaslPlaintext, named("PLAIN", "strait")),
        way("unknown-user", Listener::SaslPlaintext, named("PLAIN", "nobody")),
        way("wrong-scram", Listener::SaslPlaintext, named("SCRAM-SHA-256", "strait")),
        way("unknown-scram", Listener::SaslPlaintext, named("SCRAM-SHA-512", "nobody")),
        way("wrong-scram-tls", Listener::SaslSsl, {
            over_tls(files, &sasl("SASL_SSL", "SCRAM-SHA-512", "strait", "wrong-canary"))
        }),
    ]
}

/// What a tool says of a refusal: the line that names it, without time and port.
fn refusal(output: &str) -> String {
    let line = output.lines().find(|line| line.starts_with("Error while executing")).unwrap_or(output);
    line.to_owned()
}

#[test]
fn clients_are_let_in_and_refused_as_by_kafka() {
    let Some(pair) = Pair::start("clients_are_let_in_and_refused_as_by_kafka") else { return };
    let files = &pair.files;
    let open = files.write("open.properties", "").expect("written");
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let credential = format!("{mechanism}=[password={SCRAM_PASSWORD}]");
        let user = ["--entity-type", "users", "--entity-name", "strait", "--alter", "--add-config"];
        let arguments = [&user[..], &[&credential]].concat();
        let said = tool(&pair.ours.address(), CONFIGS, &open, &arguments).expect("a tool");
        assert!(said.is_success && said.output.contains("Completed"), "{}", said.output);
    }
    for address in pair.open_addresses() {
        let create = ["--create", "--topic", "seen", "--if-not-exists"];
        let said = tool(&address, TOPICS, &open, &create).expect("a tool");
        assert!(said.is_success, "{}", said.output);
    }
    for Way { name, listener, properties } in right(files) {
        let file = files.write(name, &properties).expect("written");
        for address in pair.addresses(listener) {
            let said = tool(&address, TOPICS, &file, &["--list"]).expect("a tool");
            assert!(said.is_success && said.output.contains("seen"), "{name} at {address}: {}", said.output);
        }
    }
    for Way { name, listener, properties } in wrong(files) {
        let file = files.write(name, &properties).expect("written");
        let refusals = pair.addresses(listener).map(|address| {
            let said = tool(&address, TOPICS, &file, &["--list"]).expect("a tool");
            assert!(!said.is_success, "{name} at {address} is let in: {}", said.output);
            refusal(&said.output)
        });
        let [kafka, ours] = refusals;
        assert!(
            kafka.starts_with("Error while executing") && !kafka.contains("Timed out"),
            "{name}: {kafka}"
        );
        assert_eq!(ours, kafka, "{name}");
    }
    let log = pair.ours.log();
    assert!(!log.contains("canary"), "a secret is shown: {log}");
}

#[test]
fn a_new_certificate_is_shown_to_new_clients() {
    let Some(pair) = Pair::start("a_new_certificate_is_shown_to_new_clients") else { return };
    let [_, address] = pair.addresses(Listener::Ssl);
    let trusted = pair.files.write("trusted.properties", &ssl(&pair.files)).expect("written");
    let list = || tool(&address, TOPICS, &trusted, &["--list"]).expect("a tool");
    assert!(list().is_success);
    let good = std::fs::read(pair.files.path("broker.jks")).expect("a store");
    let before = shown_certificate(&address);
    std::fs::write(pair.files.path("broker.jks"), b"no store").expect("written");
    wait_for_log(&pair, "changed certificates can't be used", || drop(shown_certificate(&address)));
    assert_eq!(shown_certificate(&address), before, "the last good certificate stays");
    // Signed by nobody that the client trusts.
    let other = pair.folder().join("other");
    std::fs::create_dir(&other).expect("a folder");
    Files::make(&other).expect("certificates of another authority");
    std::fs::copy(other.join("broker.jks"), pair.files.path("broker.jks")).expect("copied");
    wait_for_log(&pair, "certificates were read again", || drop(shown_certificate(&address)));
    assert_ne!(shown_certificate(&address), before);
    let said = list();
    assert!(!said.is_success && refusal(&said.output).contains("SSL"), "{}", said.output);
    std::fs::write(pair.files.path("broker.jks"), good).expect("written");
    assert!(list().is_success);
}

fn wait_for_log(pair: &Pair, line: &str, connect: impl Fn()) {
    wait::until(line, Duration::from_secs(20), || {
        connect();
        Ok(if pair.ours.log().contains(line) {
            Attempt::Done(())
        } else {
            Attempt::NotYet("silence".to_owned())
        })
    })
    .expect("told");
}

/// The certificate of whoever listens there, in PEM.
fn shown_certificate(address: &str) -> String {
    let mut command = std::process::Command::new("openssl");
    command.args(["s_client", "-connect", address]).stdin(std::process::Stdio::null());
    let output = command.output().expect("openssl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let end = "-----END CERTIFICATE-----";
    let (from, to) = (text.find("-----BEGIN CERTIFICATE-----"), text.find(end));
    from.zip(to).map_or_else(|| panic!("no certificate: {text}"), |(from, to)| text[from..to].to_owned())
}
