//! Formats 0 and 1: single messages, and wrappers in the codecs that were known then.

use bytes::Bytes;
use strait_wire::batch::{BatchError, Compression, DecompressionLimit, Entry, Record, closed_batches};

use crate::raw::{RawMessage, code};

const LIMIT: DecompressionLimit = DecompressionLimit(1 << 20);
const WRAPPING: [Compression; 3] = [Compression::Gzip, Compression::Snappy, Compression::Lz4];
const LOG_APPEND_TIME: i8 = 1 << 3;

fn read(bytes: Vec<u8>) -> Result<Vec<Record>, BatchError> {
    let mut records = Vec::new();
    for entry in closed_batches(bytes.into()) {
        let Entry::Legacy(set) = entry? else { panic!("a batch of format 2") };
        records.extend(set.open(LIMIT)?);
    }
    Ok(records)
}

fn message(magic: i8, offset: i64) -> RawMessage {
    let key = (offset % 2 == 0).then(|| format!("key {offset}").into_bytes());
    let value = (offset % 3 != 0).then(|| format!("value of the message {offset}").into_bytes());
    RawMessage { offset, magic, attributes: 0, timestamp: 1_000 + offset, key, value }
}

fn record(message: &RawMessage, offset: i64) -> Record {
    Record {
        offset,
        timestamp: if message.magic == 1 { message.timestamp } else { -1 },
        key: message.key.clone().map(Bytes::from),
        value: message.value.clone().map(Bytes::from),
        headers: Vec::new(),
    }
}

fn wrapper(inner: &[RawMessage], offset: i64, codec: Compression) -> RawMessage {
    let set: Vec<u8> = inner.iter().flat_map(RawMessage::bytes).collect();
    RawMessage {
        offset,
        magic: inner[0].magic,
        attributes: code(codec) as i8,
        timestamp: 9_999,
        key: None,
        value: Some(codec.compress(set).expect("packed").to_vec()),
    }
}

#[test]
fn messages_of_their_own() {
    for magic in [0, 1] {
        let messages: Vec<RawMessage> = [5, 6, 9, 12].map(|offset| message(magic, offset)).to_vec();
        let bytes = messages.iter().flat_map(RawMessage::bytes).collect();
        let wanted: Vec<Record> = messages.iter().map(|message| record(message, message.offset)).collect();
        assert_eq!(read(bytes), Ok(wanted));
    }
}

#[test]
fn wrappers_of_format_0_hold_absolute_offsets() {
    for codec in WRAPPING {
        let inner = [40, 41, 44].map(|offset| message(0, offset));
        let wanted = inner.iter().map(|inner| record(inner, inner.offset)).collect();
        assert_eq!(read(wrapper(&inner, 44, codec).bytes()), Ok(wanted), "{codec:?}");
    }
}

#[test]
fn wrappers_of_format_1_hold_relative_offsets_also_after_compaction() {
    for codec in WRAPPING {
        let inner = [1, 2, 5].map(|offset| message(1, offset));
        let wanted = inner.iter().map(|inner| record(inner, 100 + inner.offset)).collect();
        assert_eq!(read(wrapper(&inner, 105, codec).bytes()), Ok(wanted), "{codec:?}");
    }
}

#[test]
fn a_wrapper_with_log_append_time_gives_its_time_to_all() {
    let inner = [0, 1].map(|offset| message(1, offset));
    let mut outer = wrapper(&inner, 71, Compression::Gzip);
    outer.attributes |= LOG_APPEND_TIME;
    let times: Vec<i64> =
        read(outer.bytes()).expect("records").iter().map(|record| record.timestamp).collect();
    assert_eq!(times, [9_999, 9_999]);
}

/// Clients before 0.10 put a wrong checksum into the header of an LZ4 frame: over the magic too (KIP-57).
#[test]
fn lz4_of_format_0_may_have_the_wrong_header_checksum_of_its_time() {
    let inner = [3, 4].map(|offset| message(0, offset));
    let mut outer = wrapper(&inner, 4, Compression::Lz4);
    let frame = outer.value.as_mut().expect("a frame");
    frame[6] ^= 0x5a;
    let wanted = inner.iter().map(|inner| record(inner, inner.offset)).collect();
    assert_eq!(read(outer.bytes()), Ok(wanted));
    outer.magic = 1;
    assert!(matches!(read(outer.bytes()), Err(BatchError::Decompression { .. })));
}

#[test]
fn wrappers_that_are_wrong_are_refused() {
    let inner = [0, 1].map(|offset| message(1, offset));
    let wrapped = wrapper(&inner, 1, Compression::Gzip);
    let twice = wrapper(std::slice::from_ref(&wrapped), 1, Compression::Gzip);
    assert!(matches!(read(twice.bytes()), Err(BatchError::InvalidRecord { .. })));
    let without = RawMessage { value: None, ..wrapped.clone() };
    assert!(matches!(read(without.bytes()), Err(BatchError::InvalidRecord { .. })));
    let mut damaged = wrapped.bytes();
    *damaged.last_mut().expect("bytes") ^= 1;
    assert!(matches!(read(damaged), Err(BatchError::Corrupt(_))));
}
