//! Which executable is tested.

use std::fs::File;
use std::path::PathBuf;

use crate::world;

/// The executable under test: `STRAIT_BIN`, or the one built beside this test, or the newest of release and debug.
pub fn path() -> PathBuf {
    if let Some(path) = std::env::var_os("STRAIT_BIN") {
        return path.into();
    }
    let beside = std::env::current_exe().ok().and_then(|test| Some(test.parent()?.parent()?.join("strait")));
    let target = world::repository().join("target");
    let candidates = beside
        .into_iter()
        .chain(["release", "ci", "debug"].map(|profile| target.join(profile).join("strait")));
    candidates
        .into_iter()
        .find(|path| File::open(path).is_ok())
        .expect("no strait to test: build it with `cargo build --release`, or set STRAIT_BIN")
}
