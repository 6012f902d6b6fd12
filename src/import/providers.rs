//! Configuration providers: names that a file gives to where values stand.

use std::collections::BTreeMap;

use crate::references::{self, Provider, ReferenceError};

use super::report::Report;
use super::settings::{Reader, Settings};

const CLASSES: [(&str, Provider); 3] = [
    ("org.apache.kafka.common.config.provider.EnvVarConfigProvider", Provider::Environment),
    ("org.apache.kafka.common.config.provider.FileConfigProvider", Provider::File),
    ("org.apache.kafka.common.config.provider.DirectoryConfigProvider", Provider::Folder),
];

/// Names of configuration providers and what they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Providers(BTreeMap<String, Provider>);

impl Providers {
    /// Those that `config.providers` names.
    pub(super) fn declared(all: &Settings, report: &mut Report) -> Self {
        let none = Self::default();
        let mut reader = Reader { settings: all, providers: &none, report };
        let mut found = BTreeMap::new();
        for name in reader.list("config.providers").unwrap_or_default() {
            let key = format!("config.providers.{name}.class");
            let class = reader.text(&key).unwrap_or_default();
            match CLASSES.iter().find(|(known, _)| *known == class) {
                Some((_, provider)) => {
                    found.insert(name, *provider);
                }
                None => {
                    let known: Vec<&str> = CLASSES.iter().map(|(class, _)| *class).collect();
                    reader.refuse(&key, format!("allowed are {}", known.join(", ")));
                }
            }
        }
        for key in all.keys().filter(|key| key.starts_with("config.providers.") && key.contains(".param.")) {
            report.note(key, "what a provider may read is not limited");
        }
        Self(found)
    }

    /// The names that Kafka's documentation uses, for files that can't declare any.
    pub(super) fn usual() -> Self {
        let names = [
            ("env", Provider::Environment),
            ("file", Provider::File),
            ("dir", Provider::Folder),
            ("directory", Provider::Folder),
        ];
        Self(names.into_iter().map(|(name, provider)| (name.to_owned(), provider)).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<Provider> {
        self.0.get(name).copied()
    }

    /// `text` with its references replaced.
    pub(super) fn resolved(&self, text: &str) -> Result<String, ReferenceError> {
        references::resolve(text, |name| self.get(name))
    }
}
