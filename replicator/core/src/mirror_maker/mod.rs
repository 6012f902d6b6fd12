//! Going on where MirrorMaker 2 stopped, and letting it go on: the place where its copy really ends, its offset syncs, and
//! its positions.

// The place where a copy ends, by its records.
mod alignment;
// Translation by offset syncs, as rough as theirs.
mod rough_map;
// What a record of a position holds.
mod source_offset;
// Positions of connectors.
mod stored_positions;

pub use alignment::{Aligner, Alignment, Fingerprint};
pub use rough_map::RoughMap;
pub use source_offset::{DEDICATED_CONNECTOR, SourcePartition, position_value};
pub use stored_positions::{StoredPosition, StoredPositions};
