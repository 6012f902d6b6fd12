//! Every rule of the broker, without I/O: time and randomness come in as arguments, effects go out.
