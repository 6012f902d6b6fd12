//! What a hostile or broken client sends, how much, and how slowly; while others are served.

// Messages from their schema, as the tests of the wire make them.
#[path = "../../../../../kafka/wire/tests/generate/message.rs"]
mod message;
#[path = "../../../../../kafka/wire/tests/generate/random.rs"]
mod random;

// Right frames of every request, and wrong ones.
mod frames;
mod spoil;
// Many frames on few connections.
mod sender;
// A client that has to be served all the time.
mod neighbour;
// What must not have happened.
mod health;

// A million frames.
mod fuzz;
// Batches that become large when they are opened.
mod bombs;
// Clients that do nothing, or send slowly.
mod slow;
// Clients that ask and do not read.
mod readers;
// More clients of one address than there may be.
mod storm;
