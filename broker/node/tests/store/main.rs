//! A whole broker on a store that fails: power losses, full disks, failed flushes. Clients use real sockets.

// The broker, in this process.
mod node;
// What clients do.
mod load;
// Numbers from a seed.
// The power is lost at any moment.
mod power_loss;
// There is no room, or no flush.
mod full_disk;
