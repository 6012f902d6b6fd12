//! Fetched logs with wrong batches, wrong records inside right batches, and the same in the old formats.

use bytes::Bytes;
use strait_wire::batch::{
    BatchError, Compression, DecompressionLimit, Entry, Record, Stamp, closed_batches, control_record, open,
    reencode,
};

use crate::codecs::codec_state;
use crate::generate::Random;
use crate::generate::raw::{RawBatch, RawMessage, RawRecord, code};
use crate::measure::{allowed, alone, bounded, inputs};
use crate::mutate::mutate;

const LIMIT: DecompressionLimit = DecompressionLimit(64 << 10);
const SPLIT_ABOVE: usize = 300;
const CONTROL: i16 = 1 << 5;

fn record(offset_delta: i32) -> RawRecord {
    let value = vec![b'v'; offset_delta as usize % 50];
    RawRecord {
        timestamp_delta: 1,
        offset_delta,
        key: (offset_delta % 3 != 0).then(|| format!("key {offset_delta}").into_bytes()),
        value: (offset_delta % 4 != 0).then_some(value),
        headers: (0..offset_delta % 3)
            .map(|at| (vec![b'h'; at as usize], (at == 0).then(|| vec![7])))
            .collect(),
    }
}

fn batch(count: i32) -> RawBatch {
    RawBatch {
        base_offset: 1_000,
        last_offset_delta: count - 1,
        base_timestamp: 1_700_000_000_000,
        records: (0..count).map(record).collect(),
        ..RawBatch::default()
    }
}

fn marker() -> RawBatch {
    let (key, value) = (vec![0, 0, 0, 1], vec![0, 0, 0, 0, 0, 9]);
    let record = RawRecord { key: Some(key), value: Some(value), ..RawRecord::default() };
    RawBatch { attributes: CONTROL, records: vec![record], ..RawBatch::default() }
}

fn old_message(magic: i8, offset: i64) -> RawMessage {
    let key = (offset % 2 == 0).then(|| b"key".to_vec());
    RawMessage { offset, magic, timestamp: 5, key, value: Some(vec![b'v'; 9]), attributes: 0 }
}

fn old_messages(magic: i8) -> Vec<u8> {
    (0..5).flat_map(|offset| old_message(magic, offset).bytes()).collect()
}

/// A message with a right checksum around a set that need not be right.
fn wrapper(magic: i8, set: Vec<u8>) -> Vec<u8> {
    let codec = Compression::Snappy;
    let value = codec.compress(set).expect("packed").to_vec();
    let attributes = code(codec) as i8;
    RawMessage { offset: 90, magic, attributes, value: Some(value), ..RawMessage::default() }.bytes()
}

fn read_entry(entry: &Entry) -> Result<Vec<Record>, BatchError> {
    match entry {
        Entry::Closed(batch) => {
            batch.verify_crc().ok();
            batch.restamp(Stamp::NONE);
            control_record(batch).ok();
            let next = batch.header().next_offset();
            assert!(batch.is_gap_free() || batch.header().last_offset() < next);
            open(batch, LIMIT)
        }
        Entry::Legacy(set) => set.compression().and_then(|_| set.open(LIMIT)),
    }
}

/// What codecs need for the entries of a log besides what they open.
fn codec_states(log: &Bytes) -> usize {
    let codecs = closed_batches(log.clone()).filter_map(|entry| match entry.ok()? {
        Entry::Closed(batch) => batch.header().attributes.compression().ok(),
        Entry::Legacy(set) => set.compression().ok(),
    });
    codecs.map(codec_state).max().unwrap_or(0)
}

/// Reads everything that a client could; `opened` are the bytes that come out of it.
fn read(what: &str, log: &[u8], opened: usize) {
    let bytes = Bytes::copy_from_slice(log);
    let allowed = allowed(log.len().max(opened)) + codec_states(&bytes);
    let read = || closed_batches(bytes).map(|entry| read_entry(&entry?)).filter_map(Result::ok).collect();
    let read: Vec<Vec<Record>> = bounded(what, log, allowed, read);
    for records in read {
        // What was opened can be written again, or is refused; both without a panic.
        reencode(&records, Compression::None, SPLIT_ABOVE).ok();
    }
}

#[test]
fn logs() {
    let _alone = alone();
    let none = Compression::None;
    let sources = [
        batch(3).bytes(none),
        [batch(1).bytes(none), marker().bytes(none), batch(40).bytes(none)].concat(),
        marker().bytes(none),
        [old_messages(0), old_messages(1), batch(2).bytes(none)].concat(),
    ];
    let mut random = Random::new(1);
    for _ in 0..inputs() {
        let [source, other] = [(); 2].map(|()| &sources[random.below(sources.len())]);
        let log = mutate(source, other, &mut random);
        read("a log", &log, log.len());
    }
}

#[test]
fn records_in_a_right_batch() {
    let _alone = alone();
    let sources = [batch(30), batch(3), marker()];
    let payloads = sources.each_ref().map(RawBatch::payload);
    let mut random = Random::new(2);
    for _ in 0..inputs() {
        let at = random.below(sources.len());
        let payload = mutate(&payloads[at], &payloads[random.below(payloads.len())], &mut random);
        let log = sources[at].with_payload(Compression::None, &payload);
        read("records", &log, log.len());
        let packed = Compression::Snappy.compress(payload.clone()).expect("packed");
        read("packed records", &sources[at].with_payload(Compression::Snappy, &packed), payload.len());
    }
}

#[test]
fn messages_in_a_right_wrapper() {
    let _alone = alone();
    let sets = [0, 1].map(old_messages);
    let mut random = Random::new(3);
    for _ in 0..inputs() {
        let magic = random.below(2);
        let mut set = mutate(&sets[magic], &sets[1 - magic], &mut random);
        if random.chance(50) {
            // A right message behind the wrong ones, or a wrong one with the right checksum.
            set.extend(old_message(magic as i8, random.number()).bytes());
        }
        let opened = set.len();
        read("a wrapper", &wrapper(magic as i8, set), opened);
    }
}

#[test]
fn headers_of_batches() {
    let _alone = alone();
    let payload = batch(6).payload();
    let whole = batch(6).bytes(Compression::None);
    let mut random = Random::new(4);
    for _ in 0..inputs() {
        let mut head = mutate(&whole[..61], &whole, &mut random);
        head.resize(61, 0);
        let log = [head, payload.clone()].concat();
        read("a batch's header", &log, log.len());
    }
}
