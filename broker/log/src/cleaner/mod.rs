//! Compaction: the newest record of each key stays (`LogCleaner`, `Cleaner`). Offsets never change.
//!
//! A log tells what is due and makes a plan; the plan reads closed segments and writes new ones beside them, on any
//! thread; the log then puts these in place. Appends and reads go on meanwhile.

// Newest offsets by key, in bounded memory.
mod keys;
// Which transactions were aborted, and which markers are still needed.
mod transactions;
// What stays of one batch.
mod filter;
// Reading old segments, writing new ones.
mod plan;
// New segments take the place of old ones.
mod swap;

pub(crate) use plan::Request;
pub use plan::{Cleaned, CleaningPlan};
pub(crate) use swap::{finish_swaps, swap};
