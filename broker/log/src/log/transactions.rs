//! Aborted transactions, for readers of committed records.

use super::PartitionLog;
use crate::error::LogError;
use crate::index::AbortedTransaction;

impl PartitionLog {
    /// Notes a transaction whose abort marker is the newest batch.
    pub fn append_aborted(&mut self, transaction: AbortedTransaction) {
        let segment = self.segment_of(transaction.last_offset);
        self.segments[segment].transactions_mut().push(transaction);
    }

    /// Aborted transactions that touch the offsets from `from` to before `to`, in the order of their markers.
    pub fn aborted_transactions(&self, from: i64, to: i64) -> Result<Vec<AbortedTransaction>, LogError> {
        let mut found = Vec::new();
        for segment in &self.segments[self.segment_of(from)..] {
            if !segment.transactions().collect(from, to, &mut found)? {
                break;
            }
        }
        Ok(found)
    }
}
