//! Settings as they stand in a file, and their values with references to providers resolved.

use std::collections::BTreeMap;

use super::providers::Providers;
use super::report::{MISSING, Report};

/// A value with the key under which it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) key: String,
    pub(super) value: String,
}

/// Settings by the name that a connector or client knows them by.
pub(super) type Settings = BTreeMap<String, Setting>;

/// Adds the settings of a connector that works beside another; those of the other win.
pub(super) fn take_over(settings: &mut Settings, beside: Settings) {
    for (name, setting) in beside {
        settings.entry(name).or_insert(setting);
    }
}

/// Reads settings; what is wrong with them goes into the report.
pub(super) struct Reader<'a> {
    pub(super) settings: &'a Settings,
    pub(super) providers: &'a Providers,
    pub(super) report: &'a mut Report,
}

impl<'a> Reader<'a> {
    /// As it stands, without blanks at its ends.
    pub(super) fn raw(&self, name: &str) -> Option<&'a Setting> {
        self.settings.get(name)
    }

    /// Without blanks at its ends, references resolved.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let setting = self.raw(name)?;
        match self.providers.resolved(setting.value.trim()) {
            Ok(text) => Some(text),
            Err(error) => {
                self.report.refuse(&setting.key, &setting.value, error.to_string());
                None
            }
        }
    }

    /// Entries between commas.
    pub(super) fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let text = self.text(name)?;
        Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }

    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        let text = self.text(name)?;
        match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.refuse(name, "allowed are true and false");
                None
            }
        }
    }

    pub(super) fn number(&mut self, name: &str) -> Option<i64> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(number) => Some(number),
            Err(_) => {
                self.refuse(name, "allowed is a whole number");
                None
            }
        }
    }

    /// Refuses the value of `name`.
    pub(super) fn refuse(&mut self, name: &str, reason: impl Into<String>) {
        let (key, value) = match self.raw(name) {
            Some(setting) => (setting.key.as_str(), setting.value.as_str()),
            None => (name, MISSING),
        };
        self.report.refuse(key, value, reason);
    }

    /// Says that the value of `name` has no effect, or another one.
    pub(super) fn note(&mut self, name: &str, reason: impl Into<String>) {
        let key = self.raw(name).map_or(name, |setting| setting.key.as_str());
        self.report.note(key, reason);
    }
}
