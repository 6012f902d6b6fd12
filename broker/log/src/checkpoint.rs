//! Small text files: a version, a count, and a line for each entry (`CheckpointFile`); and `partition.metadata`.

use std::fmt::Display;
use std::path::Path;

use strait_wire::ids::Uuid;

use crate::error::{At, LogError};
use crate::store::{Store, read_all, replace, replace_unflushed};

const VERSION: &str = "0";
const METADATA_VERSION: &str = "version: 0";
const TOPIC_ID: &str = "topic_id: ";

/// The lines after version and count; none when there is no file.
pub(crate) fn read<T>(
    store: &dyn Store,
    path: &Path,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, LogError> {
    let Some(text) = read_text(store, path)? else { return Ok(Vec::new()) };
    if !text.ends_with('\n') {
        return Err(LogError::corrupt(path, text.len() as u64, "the last line is cut"));
    }
    let mut lines = text.lines();
    if lines.next() != Some(VERSION) {
        return Err(LogError::corrupt(path, 0, "the version is not 0"));
    }
    let count: Option<usize> = lines.next().and_then(|count| count.trim().parse().ok());
    let entries: Option<Vec<T>> = lines.map(parse).collect();
    match entries {
        Some(entries) if Some(entries.len()) == count => Ok(entries),
        _ => Err(LogError::corrupt(path, 0, "a line is malformed, or their number is not the count")),
    }
}

/// Replaces the file, flushed.
pub(crate) fn write<T: Display>(store: &dyn Store, path: &Path, entries: &[T]) -> Result<(), LogError> {
    replace(store, path, encode(entries)).at("replace", path, 0)
}

/// The same, not flushed.
pub(crate) fn write_unflushed<T: Display>(
    store: &dyn Store,
    path: &Path,
    entries: &[T],
) -> Result<(), LogError> {
    replace_unflushed(store, path, encode(entries)).at("replace", path, 0)
}

fn encode<T: Display>(entries: &[T]) -> Vec<u8> {
    let mut text = format!("{VERSION}\n{}\n", entries.len());
    entries.iter().for_each(|entry| text.push_str(&format!("{entry}\n")));
    text.into_bytes()
}

/// The topic's id in `partition.metadata`; none where the file is missing, or was cut by a power loss.
pub(crate) fn read_topic_id(store: &dyn Store, path: &Path) -> Result<Option<Uuid>, LogError> {
    let text = match read_text(store, path) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) if error.is_damage() => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut lines = text.lines();
    let is_known_version = lines.next() == Some(METADATA_VERSION);
    let id = lines.next().and_then(|line| line.strip_prefix(TOPIC_ID)?.parse().ok());
    Ok(id.filter(|_| is_known_version))
}

/// Not flushed: without it the metadata says whose folder it is.
pub(crate) fn write_topic_id(store: &dyn Store, path: &Path, id: Uuid) -> Result<(), LogError> {
    let text = format!("{METADATA_VERSION}\n{TOPIC_ID}{id}");
    replace_unflushed(store, path, text.into_bytes()).at("replace", path, 0)
}

fn read_text(store: &dyn Store, path: &Path) -> Result<Option<String>, LogError> {
    match read_all(store, path).at("read", path, 0) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| LogError::corrupt(path, 0, "the text is not UTF-8")),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}
