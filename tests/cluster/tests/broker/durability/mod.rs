//! What a broker keeps: through damage, restarts and removals.

// A load that goes on beside.
mod load;

// Damaged and missing files.
mod damage;
// SIGKILL under idempotent and transactional producers.
mod kills;
// Ten thousand partitions.
mod many_partitions;
// Deleted, old and superseded records.
mod removal;
