//! What a broker does to a batch outside its checksum, and how a log walks headers.

use bytes::Bytes;

use super::closed::ClosedBatch;
use super::header::{BatchHeader, HEADER_LENGTH, LOG_OVERHEAD};

/// A batch with its place in a log: 61 bytes of our own before the payload as it came.
#[derive(Clone, Debug)]
pub struct AssignedBatch {
    pub header: BatchHeader,
    pub segments: [Bytes; 2],
}

impl ClosedBatch {
    /// Gives the batch its base offset and leader epoch. Both lie outside the checksum; the payload is not copied.
    pub fn assign(&self, base_offset: i64, partition_leader_epoch: i32) -> AssignedBatch {
        let header = BatchHeader { base_offset, partition_leader_epoch, ..*self.header() };
        let head = Bytes::copy_from_slice(&header.write());
        AssignedBatch { header, segments: [head, self.payload()] }
    }
}

impl BatchHeader {
    /// The fields at the front of `bytes`, unchecked; none when there are fewer than 61 bytes.
    pub fn peek(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk::<HEADER_LENGTH>().map(Self::read)
    }

    /// Bytes of the whole batch as the header says; none when it can't be a batch.
    pub fn total_size(&self) -> Option<usize> {
        let length = usize::try_from(self.batch_length).ok()?;
        (length >= HEADER_LENGTH - LOG_OVERHEAD).then_some(length + LOG_OVERHEAD)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BatchBuilder, Compression, Stamp};
    use super::*;

    fn batch() -> ClosedBatch {
        let mut builder = BatchBuilder::new(Compression::None, 1_000);
        builder.push(1_000, None, Some(&Bytes::from_static(b"one")), &[]);
        builder.push(1_007, None, Some(&Bytes::from_static(b"two")), &[]);
        builder.finish(Stamp::NONE, 0).expect("a batch")
    }

    #[test]
    fn a_place_in_the_log_leaves_the_checksum_valid() {
        let assigned = batch().assign(4_711, 3);
        assert_eq!((assigned.header.base_offset, assigned.header.last_offset()), (4_711, 4_712));
        let placed = ClosedBatch::new(assigned.segments.concat().into()).expect("still a batch");
        assert_eq!(*placed.header(), assigned.header);
        assert_eq!(placed.header().partition_leader_epoch, 3);
        assert_eq!(placed.verify_crc(), Ok(()));
    }

    #[test]
    fn a_header_is_read_without_its_records() {
        let batch = batch();
        let header = BatchHeader::peek(&batch.bytes()[..HEADER_LENGTH]).expect("a header");
        assert_eq!((header, header.total_size()), (*batch.header(), Some(batch.size())));
        assert_eq!(BatchHeader::peek(&batch.bytes()[..HEADER_LENGTH - 1]), None);
        assert_eq!(BatchHeader { batch_length: 48, ..header }.total_size(), None);
        assert_eq!(BatchHeader { batch_length: -1, ..header }.total_size(), None);
    }
}
