//! The producer that a batch is written under.

use bytes::Bytes;

use crate::record_data::RecordData;

/// Producer id, epoch and sequence of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub producer_id: i64,
    pub producer_epoch: i16,
    pub base_sequence: i32,
    pub transactional: bool,
}

impl Stamp {
    /// No idempotent producer.
    pub const NONE: Self =
        Self { producer_id: -1, producer_epoch: -1, base_sequence: -1, transactional: false };
}

/// A batch ready to be produced: 61 bytes of our own before the payload as it was fetched.
#[derive(Clone, Debug)]
pub struct StampedBatch {
    pub head: Bytes,
    pub payload: Bytes,
}

impl From<StampedBatch> for RecordData {
    fn from(batch: StampedBatch) -> Self {
        vec![batch.head, batch.payload].into()
    }
}
