//! Control batches: the commit and abort markers that end a transaction in a partition (KIP-98).

use bytes::Bytes;
use strait_wire::batch::{
    Attributes, BatchBuilder, BatchError, BatchHeader, ClosedBatch, Compression, ControlKind, Stamp,
};

use crate::batch_header::with_header;
use crate::producer_state::Marker;

const CONTROL: i16 = 1 << 5;
/// Both halves of the key and the value begin with this version (`EndTransactionMarker`).
const VERSION: i16 = 0;

/// The batch that writes a marker. Like a produced batch it gets its place by
/// [`crate::batch_header::assign_offset`]; the marker's own offset is not looked at.
///
/// # Errors
/// The batch can't be written; that does not happen with a marker.
pub fn marker_batch(marker: &Marker) -> Result<ClosedBatch, BatchError> {
    let kind = match marker.kind {
        ControlKind::Abort => 0,
        ControlKind::Commit => 1,
        ControlKind::Other(kind) => kind,
    };
    let key = Bytes::from([VERSION.to_be_bytes(), i16::to_be_bytes(kind)].concat());
    let value = Bytes::from([&VERSION.to_be_bytes()[..], &marker.coordinator_epoch.to_be_bytes()].concat());
    let mut builder = BatchBuilder::new(Compression::None, marker.timestamp);
    builder.push(marker.timestamp, Some(&key), Some(&value), &[]);
    let stamp = Stamp {
        producer_id: marker.producer_id,
        producer_epoch: marker.producer_epoch,
        base_sequence: -1,
        transactional: true,
    };
    let batch = builder.finish(stamp, 0)?;
    let header = *batch.header();
    with_header(&batch, BatchHeader { attributes: Attributes(header.attributes.0 | CONTROL), ..header })
}

#[cfg(test)]
mod tests {
    use strait_wire::batch::{ControlRecord, control_record};

    use super::*;
    use crate::batch_header::assigned_header;
    use crate::producer_state::{Append, Producers};

    #[test]
    fn a_marker_is_read_as_it_was_written() {
        for kind in [ControlKind::Abort, ControlKind::Commit] {
            let marker = Marker {
                producer_id: 7,
                producer_epoch: 3,
                kind,
                coordinator_epoch: 5,
                offset: 20,
                timestamp: 1_000,
                transaction_version: 2,
            };
            let batch = marker_batch(&marker).expect("a batch");
            batch.verify_crc().expect("intact");
            let control = control_record(&batch).expect("a marker");
            assert_eq!(control, ControlRecord { kind, coordinator_epoch: 5 });
            let header = assigned_header(&batch, 20, 0);
            assert!(header.attributes.is_control() && header.attributes.is_transactional());
            assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), (7, 3, -1));
            let (mut live, mut replayed) = (Producers::new(20), Producers::new(20));
            live.admit_marker(&marker, Append::COORDINATOR).expect("admitted");
            live.marker_appended(&marker);
            replayed.replay(&header, Some(control));
            assert!(live == replayed);
        }
    }
}
