//! What a broker keeps: through damage, restarts and removals.

// A load that goes on beside.
mod load;

// Damaged and missing files.
mod damage;
// Ten thousand partitions.
mod many_partitions;
// Deleted, old and superseded records.
mod removal;
