//! A broker with listeners that want TLS, certificates, passwords or tokens, and the files for both sides.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::kafka::{Kafka, Release};
use crate::ports;

/// Of every store and key.
pub const STORE_PASSWORD: &str = "store-canary-1";
/// Of the user `strait` with PLAIN.
pub const PLAIN_PASSWORD: &str = "plain-canary-2";
/// Of the user `strait` with SCRAM; its characters have a meaning in SCRAM's messages and in none of its passwords.
pub const SCRAM_PASSWORD: &str = "scram=canary-3";
/// How long a broker believes an authentication.
pub const SESSION_MILLIS: u64 = 4_000;

/// What a client meets at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// TLS, the client says not who it is.
    Ssl,
    /// TLS with certificates on both sides.
    Mutual,
    /// PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER without TLS.
    SaslPlaintext,
    /// The same with TLS.
    SaslSsl,
}

const LISTENERS: [(Listener, &str, &str); 4] = [
    (Listener::Ssl, "SSL", "SSL"),
    (Listener::Mutual, "MUTUAL", "SSL"),
    (Listener::SaslPlaintext, "SASL_PLAINTEXT", "SASL_PLAINTEXT"),
    (Listener::SaslSsl, "SASL_SSL", "SASL_SSL"),
];

/// Certificates and keys in a folder: `ca.pem`, `trust.jks`, `broker.jks`, `client.p12`, `expired.p12`, whose
/// certificate is over, and `stranger.p12` with `stranger.pem`, which signed nothing.
#[derive(Clone, Debug)]
pub struct Files(PathBuf);

impl Files {
    /// Makes all of them with keytool.
    pub fn make(folder: &Path) -> Result<Self> {
        let files = Self(folder.to_owned());
        let authority = ["-ext", "bc:c=ca:true"];
        files.key("ca.p12", "PKCS12", "CN=authority", &authority)?;
        files.export("ca.p12", "ca.pem")?;
        files.key("stranger.p12", "PKCS12", "CN=stranger", &authority)?;
        files.export("stranger.p12", "stranger.pem")?;
        files.import("trust.jks", "JKS", "authority", "ca.pem")?;
        files.key("broker.jks", "JKS", "CN=broker", &[])?;
        files.sign("broker.jks", &["-ext", "san=ip:127.0.0.1"])?;
        files.key("client.p12", "PKCS12", "CN=strait", &[])?;
        files.sign("client.p12", &[])?;
        files.key("expired.p12", "PKCS12", "CN=strait", &[])?;
        files.sign("expired.p12", &["-startdate", "-60d"])?;
        Ok(files)
    }

    /// Where a file is.
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    /// Writes a text into a file of this folder.
    pub fn write(&self, name: &str, text: &str) -> Result<String> {
        fs::write(self.0.join(name), text)?;
        Ok(self.path(name))
    }

    /// An unsigned token for OAUTHBEARER, which the brokers of these tests take.
    pub fn token(seconds: u64) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        Self::token_between(now, now + seconds)
    }

    /// The same from one second of 1970 to another.
    pub fn token_between(issued: u64, expires: u64) -> Result<String> {
        let claims = format!(r#"{{"sub":"strait","iat":{issued},"exp":{expires}}}"#);
        Ok(format!("{}.{}.", base_64(br#"{"alg":"none"}"#), base_64(claims.as_bytes())))
    }

    fn key(&self, store: &str, kind: &str, name: &str, more: &[&str]) -> Result<()> {
        let made =
            ["-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "30", "-alias", "own"];
        let store = self.path(store);
        let given = ["-storetype", kind, "-keypass", STORE_PASSWORD, "-dname", name, "-keystore", &store];
        keytool(&[&made[..], &given, more].concat())
    }

    fn export(&self, store: &str, file: &str) -> Result<()> {
        let (store, file) = (self.path(store), self.path(file));
        keytool(&["-exportcert", "-rfc", "-alias", "own", "-keystore", &store, "-file", &file])
    }

    fn import(&self, store: &str, kind: &str, alias: &str, file: &str) -> Result<()> {
        let (store, file) = (self.path(store), self.path(file));
        let into = ["-storetype", kind, "-keystore", &store];
        keytool(&[&["-importcert", "-noprompt", "-alias", alias, "-file", &file][..], &into].concat())
    }

    /// The authority signs the key of a store.
    fn sign(&self, store: &str, more: &[&str]) -> Result<()> {
        let (request, signed) = (self.path("request.csr"), self.path("signed.pem"));
        let (authority, path) = (self.path("ca.p12"), self.path(store));
        keytool(&["-certreq", "-alias", "own", "-keystore", &path, "-file", &request])?;
        let by = ["-gencert", "-rfc", "-alias", "own", "-keystore", &authority, "-validity", "30"];
        keytool(&[&by[..], &["-infile", &request, "-outfile", &signed], more].concat())?;
        let kind = if store.ends_with(".jks") { "JKS" } else { "PKCS12" };
        self.import(store, kind, "authority", "ca.pem")?;
        self.import(store, kind, "own", "signed.pem")
    }
}

fn keytool(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("keytool");
    command.args(arguments).args(["-storepass", STORE_PASSWORD, "-J-XX:TieredStopAtLevel=1"]);
    command.stdin(Stdio::null());
    let output = command.output().context("keytool")?;
    if !output.status.success() {
        bail!("keytool {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
}

fn base_64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_usize, |bits, byte| (bits << 8) | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for letter in 0..=chunk.len() {
            text.push(char::from(LETTERS[(bits >> (18 - 6 * letter)) & 63]));
        }
    }
    text
}

/// A cluster of one broker with all listeners, and one without any security for the tests themselves.
#[derive(Debug)]
pub struct Secured {
    /// The broker.
    pub kafka: Kafka,
    ports: [u16; 4],
}

impl Secured {
    /// Starts it and makes the user `strait`.
    pub fn start(release: Release, files: &Files) -> Result<Self> {
        let ports = LISTENERS.map(|_| ports::free());
        let named = LISTENERS.iter().zip(ports);
        let listeners: Vec<String> =
            named.map(|((_, name, protocol), port)| format!("{name}:{protocol}:{port}")).collect();
        let mut properties = vec![
            format!("secure.listeners={}", listeners.join(",")),
            format!("ssl.keystore.location={}", files.path("broker.jks")),
            format!("ssl.truststore.location={}", files.path("trust.jks")),
            "listener.name.mutual.ssl.client.auth=required".to_owned(),
            format!("connections.max.reauth.ms={SESSION_MILLIS}"),
        ];
        for key in ["ssl.keystore.password", "ssl.key.password", "ssl.truststore.password"] {
            properties.push(format!("{key}={STORE_PASSWORD}"));
        }
        for listener in ["sasl_plaintext", "sasl_ssl"] {
            properties.extend(sasl_properties(listener));
        }
        let properties: Vec<&str> = properties.iter().map(String::as_str).collect();
        let secured = Self { kafka: Kafka::start_with(release, &properties)?, ports };
        secured.make_user()?;
        Ok(secured)
    }

    /// Where a listener is.
    pub fn address(&self, listener: Listener) -> String {
        let index = LISTENERS.iter().position(|(found, ..)| *found == listener);
        format!("127.0.0.1:{}", self.ports[index.expect("every listener is started")])
    }

    fn make_user(&self) -> Result<()> {
        let address = self.kafka.address();
        // One request takes one credential of a user.
        for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
            let credential = format!("{mechanism}=[password={SCRAM_PASSWORD}]");
            let user =
                ["--entity-type", "users", "--entity-name", "strait", "--alter", "--add-config", &credential];
            let arguments = [&["--bootstrap-server", &address][..], &user].concat();
            self.kafka.tool("kafka.admin.ConfigCommand", &arguments)?;
        }
        Ok(())
    }
}

fn sasl_properties(listener: &str) -> Vec<String> {
    let prefix = format!("listener.name.{listener}");
    let modules = "org.apache.kafka.common.security";
    vec![
        format!("{prefix}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER"),
        format!(
            "{prefix}.plain.sasl.jaas.config={modules}.plain.PlainLoginModule required user_strait=\"{PLAIN_PASSWORD}\";"
        ),
        format!("{prefix}.scram-sha-256.sasl.jaas.config={modules}.scram.ScramLoginModule required;"),
        format!("{prefix}.scram-sha-512.sasl.jaas.config={modules}.scram.ScramLoginModule required;"),
        format!(
            "{prefix}.oauthbearer.sasl.jaas.config={modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"broker\";"
        ),
    ]
}
