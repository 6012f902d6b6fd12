//! Quotas of clients: which applies to whom, and for how long who is above it is held back (KIP-13, 55, 124, 546).

// Whose quota it is.
mod entity;
// All quotas.
mod store;
// Which of them are asked for, and how they change.
mod alteration;
mod error;
mod filter;
// How fast a client is, and what was used of the quotas.
mod rate;
mod token_bucket;
mod usage;

pub use alteration::{EntityNames, QuotaAlteration, QuotaChange, QuotaOutcomes};
pub use entity::{Entity, Part, QuotaKind};
pub use error::{QuotaAlterationError, QuotaFilterError};
pub use filter::{QuotaFilter, QuotaFilterComponent};
pub use rate::QuotaRate;
pub use store::{AppliedQuota, Quotas};
pub use usage::{Mutation, QuotaClient, QuotaUsage};

#[cfg(test)]
mod tests;
