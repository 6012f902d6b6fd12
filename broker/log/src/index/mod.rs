//! The three indexes of a segment: by offset, by timestamp, and of aborted transactions.

mod block;
mod offset;
mod table;
mod time;
mod transaction;

pub(crate) use offset::{OffsetIndex, OffsetPosition};
pub(crate) use time::{BatchTime, TimeIndex};
pub use transaction::AbortedTransaction;
pub(crate) use transaction::TransactionIndex;
