//! New segments take the place of old ones so that a crash leaves the old or the new ones (`LogSegments`,
//! `LogLoader`): the new files are whole and flushed as `*.cleaned`; from the moment that the log file is `*.swap`
//! the new segment counts; then the old files go and the new ones get their names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::{At, LogError};
use crate::names::{self, CLEANED, INDEX, LOG, SWAP, TIME_INDEX, TXN_INDEX};
use crate::scan::Scanner;
use crate::store::{FolderEntry, Store};

/// The log file comes last: a segment is there when it is.
const EXTENSIONS: [&str; 4] = [INDEX, TIME_INDEX, TXN_INDEX, LOG];

/// Puts the cleaned segment at `base_offset` in place. `condemn_old` takes the names from the old files.
pub(crate) fn swap(
    store: &dyn Store,
    folder: &Path,
    base_offset: i64,
    condemn_old: impl FnOnce() -> Result<(), LogError>,
) -> Result<(), LogError> {
    rename_all(store, folder, base_offset, CLEANED, SWAP)?;
    // The old files are there until it is on disk that the new ones count.
    sync(store, folder)?;
    condemn_old()?;
    rename_all(store, folder, base_offset, SWAP, "")?;
    sync(store, folder)
}

/// Ends what a crash left of a swap: it is finished from the moment the new segment counts, else undone. False where
/// `entries` of the folder show none.
pub(crate) fn finish_swaps(
    store: &dyn Store,
    folder: &Path,
    entries: &[FolderEntry],
) -> Result<bool, LogError> {
    let named = |suffix: &str| -> BTreeSet<(i64, String)> {
        let parsed = entries.iter().filter_map(|entry| names::parse_offset_file(&entry.name));
        let suffixed =
            parsed.filter_map(|(offset, extension)| Some((offset, extension.strip_suffix(suffix)?)));
        suffixed.map(|(offset, extension)| (offset, extension.to_owned())).collect()
    };
    let (cleaned, swapped) = (named(CLEANED), named(SWAP));
    if cleaned.is_empty() && swapped.is_empty() {
        return Ok(false);
    }
    for (offset, extension) in &cleaned {
        remove(store, &path(folder, *offset, extension, CLEANED))?;
    }
    let counts = |offset: i64| swapped.contains(&(offset, LOG.to_owned()));
    for (offset, extension) in swapped.iter().filter(|(offset, _)| !counts(*offset)) {
        remove(store, &path(folder, *offset, extension, SWAP))?;
    }
    let old: Vec<i64> =
        named("").iter().filter(|(_, extension)| extension == LOG).map(|(offset, _)| *offset).collect();
    for (offset, _) in swapped.iter().filter(|(_, extension)| extension == LOG) {
        let end = end_offset(store, &path(folder, *offset, LOG, SWAP), *offset)?;
        for replaced in old.iter().filter(|base| (*offset..end.max(offset + 1)).contains(*base)) {
            EXTENSIONS
                .iter()
                .try_for_each(|extension| remove(store, &path(folder, *replaced, extension, "")))?;
        }
        rename_all(store, folder, *offset, SWAP, "")?;
    }
    sync(store, folder)?;
    Ok(true)
}

/// The offset behind the last batch of a file.
fn end_offset(store: &dyn Store, path: &Path, base_offset: i64) -> Result<i64, LogError> {
    let file = store.open(path).at("open", path, 0)?;
    let length = file.length().at("look at", path, 0)?;
    let mut scanner = Scanner::new(file, path, 0, length);
    let mut end = base_offset;
    while let Some(batch) = scanner.next()? {
        end = batch.header.next_offset();
    }
    Ok(end)
}

fn rename_all(store: &dyn Store, folder: &Path, offset: i64, from: &str, to: &str) -> Result<(), LogError> {
    for extension in EXTENSIONS {
        let old = path(folder, offset, extension, from);
        match store.rename(&old, &path(folder, offset, extension, to)).at("rename", &old, 0) {
            // Aborted transactions are rare, and so is their index.
            Err(error) if error.is_missing() && extension != LOG => {}
            result => result?,
        }
    }
    Ok(())
}

fn remove(store: &dyn Store, path: &Path) -> Result<(), LogError> {
    match store.remove(path).at("remove", path, 0) {
        Err(error) if error.is_missing() => Ok(()),
        result => result,
    }
}

fn sync(store: &dyn Store, folder: &Path) -> Result<(), LogError> {
    store.sync_folder(folder).at("flush", folder, 0)
}

fn path(folder: &Path, offset: i64, extension: &str, suffix: &str) -> PathBuf {
    names::offset_file(folder, offset, &format!("{extension}{suffix}"))
}
