//! One test at a time, with its own folder; and whether this machine can run the peers at all.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use crate::settings;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What a test holds while it runs.
pub struct World {
    folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl World {
    /// The turn and a folder for `test`. None when Java or Maven is missing: said loudly, and in CI a failure.
    pub fn enter(test: &str) -> Option<Self> {
        let missing: Vec<_> = ["java", "mvn"].into_iter().filter(|tool| !runs(tool)).collect();
        if !missing.is_empty() {
            let message = format!(
                "LEFT OUT: {test} needs real Kafka brokers, and {} is missing (tests/peers/setup installs it)",
                missing.join(" and ")
            );
            assert!(!settings::is_ci(), "{message}");
            // Straight to the terminal: the test runner hides what a passing test prints.
            writeln!(std::io::stderr().lock(), "\n*** {message}\n").expect("stderr is open");
            return None;
        }
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let folder =
            tempfile::Builder::new().prefix("strait-cluster-").tempdir().expect("a temporary folder");
        Some(Self { folder, _turn: turn })
    }

    /// The folder of this test, removed at its end.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn runs(tool: &str) -> bool {
    let answer = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    answer.is_ok_and(|status| status.success())
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
