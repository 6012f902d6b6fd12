//! What was found damaged when a log was opened.

use std::fmt;
use std::path::PathBuf;

/// Damage of a log. Whole batches are never removed: they stay where they are or lie in a file beside the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Records that were flushed can't be read. What follows them is still there.
    Unreadable { path: PathBuf, position: u64, from: i64, to: i64 },
    /// The log ends at damage among records that were not flushed, though whole batches followed. These were moved to
    /// `aside`, in the format of a segment.
    PutAside { path: PathBuf, position: u64, from: i64, aside: PathBuf },
    /// Records that were flushed are gone from the end of the log. Their offsets are not used again.
    Missing { path: PathBuf, position: u64, from: i64, to: i64 },
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, position, from, to } => {
                let path = path.display();
                write!(
                    formatter,
                    "{path} is damaged at {position}: offsets {from} to before {to} can't be read"
                )
            }
            Self::PutAside { path, position, from, aside } => {
                let (path, aside) = (path.display(), aside.display());
                write!(
                    formatter,
                    "{path} is damaged at {position}: offsets from {from} on are now in {aside}"
                )
            }
            Self::Missing { path, position, from, to } => {
                let path = path.display();
                write!(formatter, "{path} ends at {position}: offsets {from} to before {to} are missing")
            }
        }
    }
}
