//! Going on where MirrorMaker 2 stopped: the place where its copy really ends, and its offset syncs.

// The place where a copy ends, by its records.
mod alignment;
// Translation by offset syncs, as rough as theirs.
mod rough_map;

pub use alignment::{Aligner, Alignment, Fingerprint};
pub use rough_map::RoughMap;
