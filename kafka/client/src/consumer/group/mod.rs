//! A consumer's place in its group: joining, signs of life, commits, leaving (the classic protocol).

// What members tell each other.
pub(crate) mod protocol;
// Who we are in the group, and signs of life.
mod membership;
// Becoming a member.
mod join;
// Offsets of the group.
mod committed;
mod committer;

pub(crate) use committer::{Commit, Committer};
pub(crate) use join::{Joined, Wish, counts_of, join};
pub(crate) use membership::{Group, keep_alive};
