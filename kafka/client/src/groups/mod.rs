//! Groups of a cluster: which there are, who is in them, what they committed, and being in one that is none of consumers.

// Commits for groups that nobody is in.
mod committer;
// Questions to the coordinators of many groups.
mod coordinators;
// Lists and descriptions.
mod describe;
// Taking part in one.
mod membership;
// Committed offsets.
mod offsets;

use crate::error::BrokerError;

pub use committer::GroupCommitter;
pub use describe::{GroupDescription, GroupListing, GroupMember};
pub use membership::{Membership, MembershipConfig, Round};
pub use offsets::{CommittedOffset, CommittedOffsets};

/// The answer for each group.
pub type GroupResults<T> = Vec<(String, Result<T, BrokerError>)>;
