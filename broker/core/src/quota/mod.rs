//! Quotas of clients: which applies to whom, and for how long who is above it is held back (KIP-13, 55, 124, 546).

// Whose quota it is.
mod entity;
// All quotas.
mod store;
// How fast a client is.
mod rate;

pub use entity::{Entity, Part, QuotaKind};
pub use rate::QuotaRate;
pub use store::{AppliedQuota, Quotas};

#[cfg(test)]
mod tests;
