//! Certificates, keys and passwords out of real files: `stores/` is made by keytool and openssl, see `make-stores`.

use std::path::{Path, PathBuf};

use strait_client::{
    ClientIdentity, SaslConfig, Secret, SecretSource, Security, SecurityError, Store, TlsConfig, Trust,
};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/security/stores").join(name)
}

fn secret(text: &str) -> Option<SecretSource> {
    Some(SecretSource::Value(Secret::new(text.to_owned())))
}

fn store(name: &str, password: Option<&str>) -> Store {
    Store { file: file(name), password: password.and_then(secret) }
}

fn check(tls: TlsConfig) -> Result<(), SecurityError> {
    Security { tls: Some(tls), sasl: None }.check()
}

fn trust(name: &str, password: Option<&str>) -> Result<(), SecurityError> {
    check(TlsConfig { trust: Trust::Store(store(name, password)), ..TlsConfig::default() })
}

fn identity(identity: ClientIdentity) -> Result<(), SecurityError> {
    let trust = Trust::Store(store("certificate.pem", None));
    check(TlsConfig { trust, identity: Some(identity), verify_hostname: true })
}

#[test]
fn trust_stores_of_every_format_are_read() {
    trust("certificate.pem", None).expect("PEM");
    trust("trust.jks", Some("store-secret")).expect("JKS");
    trust("trust.jks", None).expect("JKS without a check of its integrity");
    trust("trust.pkcs12", Some("store-secret")).expect("PKCS#12");
}

#[test]
fn key_stores_of_every_format_are_read() {
    let of = |name: &str, key_password: Option<&str>| ClientIdentity::Store {
        store: store(name, Some("store-secret")),
        key_password: key_password.and_then(secret),
    };
    identity(of("key.p12", None)).expect("PKCS#12 of keytool");
    identity(of("openssl.p12", None)).expect("PKCS#12 of openssl");
    identity(of("key.jks", Some("key-secret"))).expect("JKS");
    identity(of("both.pem", None)).expect("PEM");
    let pem = |key: &str, password: Option<&str>| ClientIdentity::Pem {
        certificate_file: file("certificate.pem"),
        key_file: file(key),
        key_password: password.and_then(secret),
    };
    identity(pem("key.pem", None)).expect("a key in PEM");
    identity(pem("key-encrypted.pem", Some("key-secret"))).expect("an encrypted key in PEM");
    for (wrong, said) in [
        (pem("key-encrypted.pem", Some("canary")), "decrypt"),
        (pem("key-encrypted.pem", None), "no key password"),
        (pem("key-old.pem", Some("key-secret")), "openssl pkcs8"),
        (pem("certificate.pem", None), "certificate.pem"),
        (of("key.jks", None), "password of its key"),
        (of("trust.jks", None), "no key"),
    ] {
        let error = identity(wrong.clone()).expect_err("it is wrong").to_string();
        assert!(error.contains(said) && !error.contains("canary"), "{wrong:?}: {error}");
    }
}

#[test]
fn stores_that_can_not_be_used_are_named() {
    for (name, password, said) in [
        ("trust.jks", "canary", "password is wrong"),
        ("trust.pkcs12", "canary", "trust.pkcs12"),
        ("trust.jceks", "store-secret", "-deststoretype PKCS12"),
        ("key.jks", "store-secret", "no trusted certificate"),
        ("key.p12", "store-secret", "no trusted certificate"),
        ("absent", "store-secret", "can't be read"),
    ] {
        let error = trust(name, Some(password)).expect_err("it is wrong");
        assert_eq!(error.file(), Some(file(name).as_path()));
        let error = error.to_string();
        assert!(error.contains(said) && !error.contains("canary"), "{name}: {error}");
    }
}

#[test]
fn damaged_stores_are_refused_at_every_length() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["trust.jks", "key.jks", "trust.pkcs12", "certificate.pem"] {
        let whole = std::fs::read(file(name)).expect("a store");
        let cut = folder.path().join(name);
        for length in (0..whole.len() - 30).step_by(37) {
            std::fs::write(&cut, &whole[..length]).expect("written");
            let store = Store { file: cut.clone(), password: secret("store-secret") };
            let outcome = check(TlsConfig { trust: Trust::Store(store), ..TlsConfig::default() });
            assert!(outcome.is_err(), "{length} bytes of {name}");
        }
    }
}

#[test]
fn a_password_is_read_from_its_file_and_never_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("password");
    std::fs::write(&path, "canary\n").expect("written");
    let sasl = |password| SaslConfig::Plain { username: "strait".to_owned(), password };
    let security = Security { tls: None, sasl: Some(sasl(SecretSource::File(path.clone()))) };
    security.check().expect("a password");
    assert!(security.sends_secrets_in_clear());
    let shown = Security { tls: None, sasl: secret("canary").map(sasl) };
    assert!(!format!("{shown:?}").contains("canary"));
    std::fs::remove_file(&path).expect("removed");
    assert!(matches!(security.check(), Err(SecurityError::Unreadable { file, .. }) if file == path));
}
