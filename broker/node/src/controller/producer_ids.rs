//! Producer ids, in blocks: a block is on disk before its first id is given out, so none is given out twice.

use super::{ChangeError, Controller};
use crate::metadata::MetadataRecord;

/// Ids of one block, as in Kafka.
const BLOCK: i64 = 1_000;

impl Controller {
    /// Reserves the next block of ids. Blocks until it is on disk.
    pub(crate) fn allocate_producer_ids(&self) -> Result<std::ops::Range<i64>, ChangeError> {
        let mut state = self.state();
        let first = state.image.next_producer_id();
        let next_producer_id = first.saturating_add(BLOCK);
        let broker_id = self.settings.node_id();
        state.commit(vec![MetadataRecord::ProducerIds { broker_id, next_producer_id }])?;
        Ok(first..next_producer_id)
    }
}
