//! Which batches belong to aborted transactions: the Java consumer's algorithm, on headers only.

use std::collections::{BTreeSet, VecDeque};

use strait_wire::batch::{ClosedBatch, ControlKind, control_record};

use super::Poison;

/// The aborted transactions that an answer to a fetch lists, read along with its batches.
#[derive(Clone, Debug, Default)]
pub struct AbortedTransactions {
    /// (first offset, producer id), by first offset.
    ahead: VecDeque<(i64, i64)>,
    /// Producers whose open transaction will be aborted.
    producers: BTreeSet<i64>,
}

impl AbortedTransactions {
    /// From the (producer id, first offset) pairs of the answer, in any order.
    pub fn new(listed: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let mut ahead: Vec<(i64, i64)> =
            listed.into_iter().map(|(producer_id, first_offset)| (first_offset, producer_id)).collect();
        ahead.sort_unstable();
        Self { ahead: ahead.into(), producers: BTreeSet::new() }
    }

    /// Whether a batch is data of an aborted transaction. Each batch of the answer must be shown once, in order.
    pub fn covers(&mut self, batch: &ClosedBatch) -> Result<bool, Poison> {
        let header = batch.header();
        if header.producer_id < 0 {
            return Ok(false);
        }
        let last = header.last_offset();
        while let Some((_, producer_id)) = self.ahead.pop_front_if(|(first_offset, _)| *first_offset <= last)
        {
            self.producers.insert(producer_id);
        }
        if header.attributes.is_control() {
            if header.records_count > 0 && is_abort_marker(batch)? {
                self.producers.remove(&header.producer_id);
            }
            return Ok(false);
        }
        Ok(header.attributes.is_transactional() && self.producers.contains(&header.producer_id))
    }
}

fn is_abort_marker(batch: &ClosedBatch) -> Result<bool, Poison> {
    let (base_offset, last_offset) = (batch.header().base_offset, batch.header().last_offset());
    let unreadable = |source| Poison::UnreadableBatch { base_offset, last_offset, source };
    let control = control_record(batch).map_err(unreadable)?;
    Ok(control.kind == ControlKind::Abort)
}
