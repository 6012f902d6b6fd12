//! Offsets of groups at the target, on real clusters.

// What others do to internal topics.
mod internal_topics;
// Groups at the target while offsets are synced.
mod kept_places;
// Groups go on at the very record that they would have read next.
mod next_record;
// MirrorMaker 2's figures beside.
mod beside;
mod places_beside;
// Many groups at once.
mod many;
// The topics that groups read.
mod sources;
// Offsets of one side as offsets of the other, by the command line.
mod translated;
