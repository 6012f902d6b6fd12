//! A cluster of the resource: its address, its certificates and its user, whose secrets are files of mounted Secrets.

use serde_json::Value;

use super::super::names;
use super::super::plan::{Plan, judge, judge_client, judge_unknown};
use super::super::report::{MISSING, Report};
use super::super::settings::{Setting, Settings};
use super::{KUBERNETES, setting, table, text};

/// Where Secrets are to be mounted, each in a folder of its name.
const MOUNTED: &str = "/etc/strait";

/// Adds the cluster and gives its alias.
pub(super) fn add(plan: &mut Plan, cluster: &Value, path: &str, report: &mut Report) -> Option<String> {
    let Some(alias) = text(&cluster["alias"]) else {
        report.refuse(&format!("{path}.alias"), MISSING, "an alias must be given");
        return None;
    };
    let mut draft = Draft { settings: Settings::new(), path, report };
    let has_tls = !cluster["tls"].is_null();
    draft.put("bootstrap.servers", "bootstrapServers", &cluster["bootstrapServers"]);
    if has_tls {
        draft.trust(&cluster["tls"]["trustedCertificates"]);
    }
    let has_user = draft.authentication(&cluster["authentication"]);
    let protocol = match (has_tls, has_user) {
        (false, false) => "PLAINTEXT",
        (true, false) => "SSL",
        (false, true) => "SASL_PLAINTEXT",
        (true, true) => "SASL_SSL",
    };
    draft.put_text("security.protocol", "tls", protocol.to_owned());
    for (name, value) in table(&cluster["config"]) {
        draft.config(&name, &value);
    }
    for name in table(cluster).keys().filter(|name| {
        !["alias", "bootstrapServers", "tls", "authentication", "config", "offsetStorageTopic"]
            .contains(&name.as_str())
    }) {
        draft.report.note(&format!("{path}.{name}"), KUBERNETES);
    }
    plan.clusters.insert(alias.clone(), draft.settings);
    Some(alias)
}

struct Draft<'a> {
    settings: Settings,
    path: &'a str,
    report: &'a mut Report,
}

impl Draft<'_> {
    fn put(&mut self, name: &str, key: &str, value: &Value) {
        if !value.is_null() {
            self.settings.insert(name.to_owned(), setting(&format!("{}.{key}", self.path), value));
        }
    }

    fn put_text(&mut self, name: &str, key: &str, value: String) {
        let key = format!("{}.{key}", self.path);
        self.settings.insert(name.to_owned(), Setting { key, value });
    }

    /// The path of a file in a Secret.
    fn mounted(&mut self, key: &str, secret: &Value, file: &str) -> Option<String> {
        let key = format!("{}.{key}", self.path);
        let Some(name) = text(&secret["secretName"]) else {
            self.report.refuse(&key, &secret.to_string(), "a secretName must be given");
            return None;
        };
        self.report.note(&key, format!("mount the Secret `{name}` as the folder {MOUNTED}/{name}"));
        Some(format!("{MOUNTED}/{name}/{file}"))
    }

    fn trust(&mut self, certificates: &Value) {
        const KEY: &str = "tls.trustedCertificates";
        let certificates = certificates.as_array().cloned().unwrap_or_default();
        let [certificate] = certificates.as_slice() else {
            if !certificates.is_empty() {
                let key = format!("{}.{KEY}", self.path);
                let count = certificates.len().to_string();
                self.report.refuse(&key, &count, "allowed is one; put all certificates into one file");
            }
            return;
        };
        let file = text(&certificate["certificate"]).unwrap_or_else(|| "ca.crt".to_owned());
        if let Some(file) = self.mounted(KEY, certificate, &file) {
            self.put_text("ssl.truststore.location", KEY, file);
        }
    }

    /// Whether the cluster is told a user by SASL.
    fn authentication(&mut self, authentication: &Value) -> bool {
        let kind = text(&authentication["type"]).unwrap_or_default();
        match kind.as_str() {
            "" => false,
            "tls" => {
                self.certificate(&authentication["certificateAndKey"]);
                false
            }
            "plain" | "scram-sha-256" | "scram-sha-512" => {
                self.user(&kind, authentication);
                true
            }
            _ => {
                let key = format!("{}.authentication.type", self.path);
                self.report.refuse(&key, &kind, "allowed are tls, plain, scram-sha-256 and scram-sha-512");
                false
            }
        }
    }

    fn certificate(&mut self, certificate: &Value) {
        const KEY: &str = "authentication.certificateAndKey";
        for (part, name) in [("certificate", "pem.certificate.location"), ("key", "pem.key.location")] {
            let file = text(&certificate[part]).unwrap_or_default();
            if let Some(file) = self.mounted(KEY, certificate, &file) {
                self.put_text(name, KEY, file);
            }
        }
    }

    fn user(&mut self, kind: &str, authentication: &Value) {
        const KEY: &str = "authentication.passwordSecret";
        let secret = &authentication["passwordSecret"];
        let file = text(&secret["password"]).unwrap_or_default();
        let Some(path) = self.mounted(KEY, secret, &file) else { return };
        let folder = path.strip_suffix(&file).unwrap_or_default().trim_end_matches('/');
        let module = if kind == "plain" { "plain.PlainLoginModule" } else { "scram.ScramLoginModule" };
        let username = text(&authentication["username"]).unwrap_or_default();
        let login = format!(
            "org.apache.kafka.common.security.{module} required username=\"{username}\" \
             password=\"${{dir:{folder}:{file}}}\";"
        );
        self.put_text("sasl.mechanism", "authentication.type", kind.to_ascii_uppercase());
        self.put_text("sasl.jaas.config", KEY, login);
    }

    fn config(&mut self, name: &str, value: &Value) {
        let setting = setting(&format!("{}.config.{name}", self.path), value);
        if let Some(effect) = names::client(name) {
            judge(effect, &setting, self.report);
            self.settings.insert(name.to_owned(), setting);
        } else if let Some((role @ ("consumer" | "producer" | "admin"), rest)) = name.split_once('.') {
            judge_client(role, rest, false, &setting, self.report);
        } else if let Some(effect) = names::worker(name).or_else(|| names::admin(name)) {
            judge(effect, &setting, self.report);
        } else {
            judge_unknown(&setting, name, self.report);
        }
    }
}
