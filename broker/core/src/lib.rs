//! Every rule of the broker, without I/O: time and randomness come in as arguments, effects go out.

// A batch's header as bytes, with offset and checksum of our own.
pub mod batch_header;
// Whether a produced batch may be appended, and as what.
pub mod produce_validation;
// What a partition knows of those who write to it.
pub mod producer_state;
