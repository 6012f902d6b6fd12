//! Problems below one key.

use std::fmt::Display;
use std::path::PathBuf;

use super::super::{Problem, problem};
use super::secret::Secret;

/// Where problems of one table go.
pub(super) struct Keys<'a> {
    pub(super) table: String,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Keys<'_> {
    pub(super) fn problem(&mut self, key: &str, value: &dyn Display, allowed: &str) {
        self.problems.push(problem(&format!("{}.{key}", self.table), &value.to_string(), allowed));
    }

    /// A password stands in the configuration or in a file, and belongs to something.
    pub(super) fn password(
        &mut self,
        key: &str,
        text: Option<&Secret>,
        file: Option<&PathBuf>,
        has_use: bool,
    ) {
        let Some(shown) = text.map(ToString::to_string).or(file.map(|file| file.display().to_string()))
        else {
            return;
        };
        if !has_use {
            self.problem(key, &shown, "none here: nothing needs it");
        }
        if text.is_some() && file.is_some() {
            self.problem(key, &shown, &format!("only one of {key} and {key}_file"));
        }
        if text.is_some_and(Secret::is_redacted) {
            self.problem(key, &shown, "the secret itself, `${env:NAME}`, or a file");
        }
    }
}
