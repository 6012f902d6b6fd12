//! Several cases on the same clusters: each runs, also after one failed, and the failed ones are named at the end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// The cases that failed so far. `STRAIT_CASE` runs only those whose names contain it.
#[derive(Debug, Default)]
pub struct Cases {
    only: Option<String>,
    failed: Vec<String>,
}

impl Cases {
    /// None yet.
    pub fn begin() -> Self {
        Self { only: std::env::var("STRAIT_CASE").ok(), failed: Vec::new() }
    }

    /// Runs one case.
    pub fn run(&mut self, name: &str, case: impl FnOnce()) {
        if self.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            return;
        }
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(case));
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        println!("case {name}: {verdict} in {:.1?}", begun.elapsed());
        if outcome.is_err() {
            self.failed.push(name.to_owned());
        }
    }

    /// Panics when one failed.
    pub fn finish(self) {
        assert!(self.failed.is_empty(), "cases that failed: {}", self.failed.join(", "));
    }
}
