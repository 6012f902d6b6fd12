//! A batch under another producer: the checksum is patched, the payload is the very same memory.

use proptest::prelude::*;
use strait_wire::batch::{ClosedBatch, Compression, Entry, Stamp, closed_batches};

use crate::raw::{RawBatch, RawRecord, crc32c};

const CRC_START: usize = 21;
const HEADER_LENGTH: usize = 61;

fn batch(payload: &[u8], base_offset: i64, last_offset_delta: i32, attributes: i16) -> ClosedBatch {
    let raw = RawBatch {
        base_offset,
        attributes,
        last_offset_delta,
        base_timestamp: 5,
        max_timestamp: 9,
        producer_id: 77,
        records: vec![RawRecord::default()],
    };
    let mut entries = closed_batches(raw.with_payload(Compression::None, payload).into());
    let Some(Ok(Entry::Closed(batch))) = entries.next() else { panic!("no batch") };
    batch
}

fn check(batch: &ClosedBatch, stamp: Stamp) {
    let stamped = batch.restamp(stamp);
    assert_eq!(stamped.head.len(), HEADER_LENGTH);
    assert_eq!(stamped.payload.as_ptr(), batch.payload().as_ptr());
    assert_eq!(stamped.payload, batch.payload());
    let whole = [stamped.head, stamped.payload].concat();
    assert_eq!(whole[17..CRC_START], crc32c(&whole[CRC_START..]).to_be_bytes());
    let (before, after) = (batch.header(), *ClosedBatch::new(whole.into()).expect("a batch").header());
    let stamped = (after.producer_id, after.producer_epoch, after.base_sequence);
    assert_eq!(stamped, (stamp.producer_id, stamp.producer_epoch, stamp.base_sequence));
    assert_eq!((after.base_offset, after.partition_leader_epoch), (0, -1));
    assert_eq!(after.attributes.0, if stamp.transactional { 1 << 4 } else { 0 });
    let kept = |header: &strait_wire::batch::BatchHeader| {
        let times = (header.base_timestamp, header.max_timestamp);
        (header.batch_length, header.magic, header.last_offset_delta, times, header.records_count)
    };
    assert_eq!(kept(&after), kept(before));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn a_patched_checksum_is_the_one_of_the_whole_batch(
        payload in prop_oneof![Just(Vec::new()), proptest::collection::vec(any::<u8>(), 0..2_000)],
        (base_offset, last_offset_delta) in (0..i64::MAX >> 1, 0..i32::MAX),
        attributes in 0..128_i16,
        (producer_id, producer_epoch, base_sequence) in any::<(i64, i16, i32)>(),
        transactional in any::<bool>(),
    ) {
        let batch = batch(&payload, base_offset, last_offset_delta, attributes & !7);
        check(&batch, Stamp { producer_id, producer_epoch, base_sequence, transactional });
    }
}

#[test]
fn a_long_payload_is_patched_too() {
    for length in [1 << 16, (1 << 20) + 1, 3_000_000] {
        let payload: Vec<u8> = (0..length).map(|at: u32| (at % 251) as u8).collect();
        let stamp = Stamp { producer_id: 4_000, producer_epoch: 2, base_sequence: 17, transactional: true };
        check(&batch(&payload, 12, 3, 0), stamp);
    }
}

#[test]
fn damage_stays_visible_behind_a_patch() {
    let whole = batch(b"a payload that is damaged on its way", 4, 0, 0);
    let mut damaged = whole.bytes().to_vec();
    damaged[HEADER_LENGTH + 3] ^= 0x10;
    let damaged = ClosedBatch::new(damaged.into()).expect("a batch");
    assert!(damaged.verify_crc().is_err());
    let stamped =
        damaged.restamp(Stamp { producer_id: 1, producer_epoch: 0, base_sequence: 0, transactional: false });
    let stamped = ClosedBatch::new([stamped.head, stamped.payload].concat().into()).expect("a batch");
    assert!(stamped.verify_crc().is_err());
}
