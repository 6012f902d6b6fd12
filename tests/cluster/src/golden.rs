//! What real peers answered, kept in `tests/golden/`. With `STRAIT_RECORD=1` they are asked again first.

use std::path::PathBuf;

use crate::world::repository;

/// Whether the files are to be written anew.
pub fn is_recording() -> bool {
    std::env::var_os("STRAIT_RECORD").is_some()
}

/// Where a file is.
pub fn file(name: &str) -> PathBuf {
    repository().join("tests/golden").join(name)
}
