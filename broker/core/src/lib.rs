//! Every rule of the broker, without I/O: time and randomness come in as arguments, effects go out.

// What a partition knows of those who write to it.
pub mod producer_state;
