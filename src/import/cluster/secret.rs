//! Passwords: written as a reference to where they stand, never as what stands there.

use serde_json::{Map, Value};

use crate::references::{self, Provider, Reference};

use super::super::providers::Providers;
use super::super::settings::Reader;

const STANDS_OPEN: &str = "the secret stands open in the file, and in what is written from it";

/// Puts the password of `name` under `key`, or under `key` with `_file` when it is a file of its own.
pub(super) fn put(reader: &mut Reader<'_>, name: &str, table: &mut Map<String, Value>, key: &str) {
    if let Some(setting) = reader.raw(name) {
        put_text(reader, name, setting.value.trim(), table, key);
    }
}

/// The same for a text that was part of the value of `name`.
pub(super) fn put_text(
    reader: &mut Reader<'_>,
    name: &str,
    text: &str,
    table: &mut Map<String, Value>,
    key: &str,
) {
    let Some(reference) = references::first(text) else {
        if !text.is_empty() {
            reader.note(name, STANDS_OPEN);
            table.insert(key.to_owned(), text.into());
        }
        return;
    };
    let is_whole = reference.text.len() == text.len();
    if is_whole && reader.providers.get(reference.provider) == Some(Provider::Folder) {
        let Reference { path, key: file, .. } = reference;
        table.insert(format!("{key}_file"), format!("{}/{file}", path.trim_end_matches('/')).into());
        return;
    }
    match with_own_names(text, reader.providers) {
        Ok(text) => {
            table.insert(key.to_owned(), text.into());
        }
        Err(provider) => reader.refuse(name, format!("`config.providers` has no `{provider}`")),
    }
}

/// References under the names that Strait's own files use; or the name of an unknown provider.
fn with_own_names(text: &str, providers: &Providers) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(reference) = references::first(rest) {
        let Reference { at, text, provider, path, key } = reference;
        out.push_str(&rest[..at]);
        out.push_str(&match providers.get(provider) {
            Some(Provider::Environment) => format!("${{env:{key}}}"),
            Some(Provider::File) => format!("${{file:{path}:{key}}}"),
            Some(Provider::Folder) => format!("${{dir:{path}:{key}}}"),
            None => return Err(provider.to_owned()),
        });
        rest = &rest[at + text.len()..];
    }
    out.push_str(rest);
    Ok(out)
}
