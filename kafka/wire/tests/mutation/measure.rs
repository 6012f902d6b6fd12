//! How much memory a piece of work held at most, and which input it was when something went wrong.

use std::sync::{Mutex, MutexGuard, PoisonError};

use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

static ALONE: Mutex<()> = Mutex::new(());

const INPUTS: u64 = 20_000;

/// One test at a time: they share the allocator.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Inputs for each decoder.
pub(crate) fn inputs() -> u64 {
    let told = std::env::var("STRAIT_MUTATIONS").ok();
    told.map_or(INPUTS, |told| told.parse().expect("STRAIT_MUTATIONS is a number"))
}

/// What a decoder may hold for so many bytes.
pub(crate) fn allowed(bytes: usize) -> usize {
    16 * bytes + (64 << 10)
}

/// Shows the input when the test panics.
struct Shown<'a>(&'a str, &'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: input {:02x?}", self.0, self.1);
        }
    }
}

/// Does the work, which may hold `allowed` bytes and must not panic.
#[track_caller]
pub(crate) fn bounded<T>(what: &str, input: &[u8], allowed: usize, work: impl FnOnce() -> T) -> T {
    let _shown = Shown(what, input);
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let result = work();
    let held = HEAP.peak_usage().saturating_sub(before);
    assert!(
        held <= allowed,
        "{what} held {held} bytes for an input of {}, {allowed} are allowed",
        input.len()
    );
    result
}
