//! Wrong bytes never make a decoder panic, and never make it hold much more memory than there are bytes.
//!
//! Each decoder gets 20,000 inputs, or as many as STRAIT_MUTATIONS says: the same ones on each run.

#[path = "../generate/mod.rs"]
mod generate;

// Memory that a piece of work needed.
mod measure;
// From right bytes to wrong ones.
mod mutate;
// Requests, responses and their headers.
mod messages;
// Batches, records, old formats and markers.
mod batches;
// As much memory as can be had.
mod worst;
// Compressed data.
mod codecs;
