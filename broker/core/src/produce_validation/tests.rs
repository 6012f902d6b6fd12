//! Kafka's rules one by one; what is accepted can be opened, and what no rule touches stays the same bytes.

use bytes::Bytes;
use proptest::prelude::*;
use strait_wire::batch::{
    Attributes, BatchBuilder, BatchHeader, ClosedBatch, Compression, DecompressionLimit, Decompressor,
    Header, Stamp, open,
};
use strait_wire::error_code::ErrorCode;

use super::*;
use crate::batch_header::{assign_offset, header_bytes, with_header};

const NOW: i64 = 1_700_000_000_000;
const LIMIT: DecompressionLimit = DecompressionLimit(1 << 20);
const CODECS: [Compression; 5] =
    [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];
const STAMP: Stamp = Stamp { producer_id: 9, producer_epoch: 2, base_sequence: 40, transactional: true };

fn batch_of(codec: Compression, records: &[(i64, Option<&'static str>)]) -> ClosedBatch {
    let mut builder = BatchBuilder::new(codec, NOW);
    let header = Header { key: Bytes::from_static(b"h"), value: None };
    for (timestamp, key) in records {
        let key = key.map(|key| Bytes::from_static(key.as_bytes()));
        builder.push(
            *timestamp,
            key.as_ref(),
            Some(&Bytes::from(vec![7; 50])),
            std::slice::from_ref(&header),
        );
    }
    builder.finish(STAMP, 0).expect("a batch")
}

fn plain() -> ClosedBatch {
    batch_of(Compression::None, &[(NOW - 5, Some("a")), (NOW, None), (NOW - 9, Some("c"))])
}

fn changed(batch: &ClosedBatch, change: impl FnOnce(&mut BatchHeader)) -> Bytes {
    let mut header = *batch.header();
    change(&mut header);
    with_header(batch, header).expect("a batch").bytes().clone()
}

fn run(data: &Bytes, topic: &TopicSettings, depth: Depth) -> Result<ValidBatch, ProduceError> {
    let validation = Validation { topic, depth, version: 9, now_ms: NOW, decompression_limit: LIMIT };
    validate(&only_batch(data, &validation)?, &validation, &mut Decompressor::default())
}

fn code(data: &Bytes, topic: &TopicSettings) -> ErrorCode {
    run(data, topic, Depth::Full).map_or_else(|error| error.code(), |_| ErrorCode::NONE)
}

#[test]
fn what_no_rule_touches_stays_the_same_bytes() {
    for codec in CODECS {
        let batch = batch_of(codec, &[(NOW - 5, Some("a")), (NOW, Some("b")), (-1, None)]);
        for depth in [Depth::Full, Depth::Header] {
            let valid = run(batch.bytes(), &TopicSettings::default(), depth).expect("valid");
            assert_eq!(valid.batch.bytes().as_ptr(), batch.bytes().as_ptr(), "{codec:?}");
            assert_eq!(valid.log_append_time_ms, -1);
        }
    }
}

#[test]
fn a_batch_finds_its_place_without_a_new_checksum() {
    let placed = assign_offset(&plain(), 77, 3);
    let bytes: Bytes = [placed.head, placed.payload].concat().into();
    let placed = ClosedBatch::new(bytes).expect("a batch");
    placed.verify_crc().expect("intact");
    assert_eq!((placed.header().base_offset, placed.header().partition_leader_epoch), (77, 3));
    assert_eq!(placed.bytes()[..61], header_bytes(placed.header()));
}

#[test]
fn shape_of_the_request() {
    let topic = TopicSettings::default();
    let batch = plain();
    let two = Bytes::from([batch.bytes().as_ref(), batch.bytes()].concat());
    let cut_second = two.slice(..batch.size() + 30);
    let mut old = batch.bytes().to_vec();
    old[16] = 1;
    let mut unknown = batch.bytes().to_vec();
    unknown[16] = 9;
    let mut short = batch.bytes().to_vec();
    short[8..12].copy_from_slice(&3_i32.to_be_bytes());
    for (data, expected) in [
        (Bytes::new(), ErrorCode::INVALID_RECORD),
        (batch.bytes().slice(..40), ErrorCode::INVALID_RECORD),
        (two, ErrorCode::INVALID_RECORD),
        (cut_second, ErrorCode::NONE),
        (old.into(), ErrorCode::INVALID_RECORD),
        (unknown.into(), ErrorCode::CORRUPT_MESSAGE),
        (short.into(), ErrorCode::CORRUPT_MESSAGE),
    ] {
        assert_eq!(code(&data, &topic), expected);
    }
}

#[test]
fn headers_that_clients_may_not_send() {
    let batch = plain();
    let refused: [(&str, Bytes); 4] = [
        ("base offset", changed(&batch, |header| header.base_offset = 1)),
        ("fewer records than offsets", changed(&batch, |header| header.last_offset_delta = 5)),
        ("control", changed(&batch, |header| header.attributes = Attributes(1 << 5))),
        ("no sequence", changed(&batch, |header| header.base_sequence = -1)),
    ];
    for (name, data) in refused {
        assert_eq!(code(&data, &TopicSettings::default()), ErrorCode::INVALID_RECORD, "{name}");
    }
}

#[test]
fn a_damaged_count_is_corrupt_and_a_wrong_one_invalid() {
    let batch = plain();
    let mut damaged = batch.bytes().to_vec();
    damaged[57..61].copy_from_slice(&9_i32.to_be_bytes());
    assert_eq!(code(&damaged.clone().into(), &TopicSettings::default()), ErrorCode::CORRUPT_MESSAGE);
    let crc = strait_wire::batch::crc32c(&damaged[21..]);
    damaged[17..21].copy_from_slice(&crc.to_be_bytes());
    damaged.extend_from_slice(b"cut");
    assert_eq!(code(&damaged.into(), &TopicSettings::default()), ErrorCode::INVALID_RECORD);
}

#[test]
fn any_flipped_bit_under_the_checksum_is_corrupt() {
    let batch = plain();
    for at in 17..batch.size() {
        let mut bytes = batch.bytes().to_vec();
        bytes[at] ^= 1;
        assert_eq!(code(&bytes.into(), &TopicSettings::default()), ErrorCode::CORRUPT_MESSAGE, "byte {at}");
    }
}

#[test]
fn zstd_needs_version_7() {
    let batch = batch_of(Compression::Zstd, &[(NOW, None)]);
    let topic = TopicSettings::default();
    let validation =
        Validation { topic: &topic, depth: Depth::Full, version: 6, now_ms: NOW, decompression_limit: LIMIT };
    let refused = only_batch(batch.bytes(), &validation).expect_err("too early");
    assert_eq!(refused.code(), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
}

#[test]
fn sizes_are_checked_before_and_after_recompression() {
    let packed = batch_of(Compression::Gzip, &[(NOW, None); 40]);
    let limited = |max_message_bytes, compression| TopicSettings {
        max_message_bytes,
        compression,
        ..TopicSettings::default()
    };
    let producer = TopicCompression::Producer;
    assert_eq!(code(packed.bytes(), &limited(packed.size(), producer)), ErrorCode::NONE);
    assert_eq!(code(packed.bytes(), &limited(packed.size() - 1, producer)), ErrorCode::MESSAGE_TOO_LARGE);
    let unpacked = TopicCompression::Fixed(Compression::None);
    assert_eq!(code(packed.bytes(), &limited(packed.size(), unpacked)), ErrorCode::MESSAGE_TOO_LARGE);
    let segment = TopicSettings { segment_bytes: packed.size() - 1, ..TopicSettings::default() };
    assert_eq!(code(packed.bytes(), &segment), ErrorCode::RECORD_LIST_TOO_LARGE);
}

#[test]
fn compacted_topics_want_keys() {
    let topic = TopicSettings { is_compacted: true, ..TopicSettings::default() };
    for codec in CODECS {
        let batch = batch_of(codec, &[(NOW, None), (NOW, Some("k")), (NOW, None)]);
        for depth in [Depth::Full, Depth::Header] {
            let refused = run(batch.bytes(), &topic, depth).expect_err("no key");
            assert_eq!(refused.code(), ErrorCode::INVALID_RECORD);
            let indexes: Vec<i32> = refused.record_errors().iter().map(|error| error.index).collect();
            assert_eq!(indexes, [0, 2]);
            assert!(refused.message().is_some_and(|message| message.contains("2 record errors in total")));
        }
    }
    let keyed = batch_of(Compression::Lz4, &[(NOW, Some("k"))]);
    assert_eq!(code(keyed.bytes(), &topic), ErrorCode::NONE);
}

#[test]
fn create_time_has_a_range_and_none_is_exempt() {
    let topic = TopicSettings {
        timestamp_before_max_ms: 100,
        timestamp_after_max_ms: 10,
        ..TopicSettings::default()
    };
    for (timestamp, expected) in [
        (NOW - 100, ErrorCode::NONE),
        (NOW - 101, ErrorCode::INVALID_TIMESTAMP),
        (NOW + 10, ErrorCode::NONE),
        (NOW + 11, ErrorCode::INVALID_TIMESTAMP),
        (i64::MAX, ErrorCode::INVALID_TIMESTAMP),
        (-1, ErrorCode::NONE),
    ] {
        let batch = batch_of(Compression::None, &[(NOW, None), (timestamp, None)]);
        assert_eq!(code(batch.bytes(), &topic), expected, "{timestamp}");
    }
    let late = batch_of(Compression::Gzip, &[(NOW, None), (NOW + 11, None)]);
    let refused = run(late.bytes(), &topic, Depth::Header).expect_err("too late");
    assert_eq!(refused.code(), ErrorCode::INVALID_TIMESTAMP);
}

#[test]
fn a_largest_timestamp_that_is_wrong_is_put_right() {
    let data = changed(&plain(), |header| header.max_timestamp = NOW + 3);
    let valid = run(&data, &TopicSettings::default(), Depth::Full).expect("valid");
    assert_eq!(valid.batch.header().max_timestamp, NOW);
    valid.batch.verify_crc().expect("intact");
    assert_eq!(open(&valid.batch, LIMIT), open(&plain(), LIMIT));
}

#[test]
fn log_append_time_is_written_into_the_header() {
    let topic = TopicSettings { timestamp_type: TimestampType::LogAppendTime, ..TopicSettings::default() };
    for (codec, depth) in CODECS.into_iter().flat_map(|codec| [(codec, Depth::Full), (codec, Depth::Header)])
    {
        let batch = batch_of(codec, &[(5, None), (i64::MAX, None)]);
        let valid = run(batch.bytes(), &topic, depth).expect("any time is replaced");
        valid.batch.verify_crc().expect("intact");
        assert_eq!((valid.log_append_time_ms, valid.batch.header().max_timestamp), (NOW, NOW));
        assert!(valid.batch.header().attributes.is_log_append_time());
        assert!(valid.batch.header().attributes.is_transactional());
        let records = open(&valid.batch, LIMIT).expect("records");
        assert!(records.iter().all(|record| record.timestamp == NOW));
    }
    let forged = changed(&plain(), |header| header.attributes = Attributes(1 << 3));
    assert_eq!(code(&forged, &topic), ErrorCode::INVALID_TIMESTAMP);
}

#[test]
fn a_topic_with_a_codec_recompresses() {
    for (source, target) in CODECS.into_iter().flat_map(|source| CODECS.map(|target| (source, target))) {
        let topic =
            TopicSettings { compression: TopicCompression::Fixed(target), ..TopicSettings::default() };
        let batch = batch_of(source, &[(NOW - 5, Some("a")), (NOW, None)]);
        let valid = run(batch.bytes(), &topic, Depth::Header).expect("valid");
        let header = valid.batch.header();
        assert_eq!(header.attributes.compression(), Ok(target));
        assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), (9, 2, 40));
        assert!(header.attributes.is_transactional());
        valid.batch.verify_crc().expect("intact");
        assert_eq!(open(&valid.batch, LIMIT), open(&batch, LIMIT));
    }
}

#[test]
fn records_numbered_wrongly_are_refused_or_numbered_anew_with_another_codec() {
    let mut bytes = plain().bytes().to_vec();
    // Length (one byte), attributes and timestamp delta stand before the first record's offset delta.
    assert_eq!(bytes[64], 0);
    bytes[64] = 8;
    let crc = strait_wire::batch::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    let bytes = Bytes::from(bytes);
    assert_eq!(code(&bytes, &TopicSettings::default()), ErrorCode::INVALID_RECORD);
    let compression = TopicCompression::Fixed(Compression::Lz4);
    let topic = TopicSettings { compression, ..TopicSettings::default() };
    let valid = run(&bytes, &topic, Depth::Full).expect("valid");
    assert_eq!(open(&valid.batch, LIMIT), open(&plain(), LIMIT));
    assert_eq!(valid.batch.header().base_timestamp, NOW - 5, "timestamps count from the first record");
}

#[test]
fn a_header_that_is_written_anew_loses_bits_without_meaning() {
    let append_time =
        TopicSettings { timestamp_type: TimestampType::LogAppendTime, ..TopicSettings::default() };
    let odd = changed(&plain(), |header| header.attributes = Attributes(0x7fd0));
    let valid = run(&odd, &append_time, Depth::Full).expect("valid");
    assert_eq!(valid.batch.header().attributes, Attributes(0x58));
    let kept = run(&odd, &TopicSettings::default(), Depth::Full).expect("valid");
    assert_eq!(kept.batch.header().attributes, Attributes(0x7fd0));
}

#[test]
fn a_producer_without_an_epoch_is_not_written_anew() {
    let odd = changed(&plain(), |header| header.producer_epoch = -1);
    assert!(run(&odd, &TopicSettings::default(), Depth::Full).is_ok());
    let compression = TopicCompression::Fixed(Compression::Zstd);
    let topic = TopicSettings { compression, ..TopicSettings::default() };
    assert_eq!(code(&odd, &topic), ErrorCode::INVALID_RECORD);
}

#[test]
fn opening_has_a_limit() {
    let zeros = Bytes::from(vec![0; 2 << 20]);
    let mut builder = BatchBuilder::new(Compression::Zstd, NOW);
    builder.push(NOW, None, Some(&zeros), &[]);
    let batch = builder.finish(STAMP, 0).expect("a batch");
    assert_eq!(code(batch.bytes(), &TopicSettings::default()), ErrorCode::MESSAGE_TOO_LARGE);
}

#[test]
fn an_answer_names_a_limited_number_of_records() {
    let topic = TopicSettings { is_compacted: true, ..TopicSettings::default() };
    let batch = batch_of(Compression::None, &[(NOW, None); 2_000]);
    let refused = run(batch.bytes(), &topic, Depth::Full).expect_err("no keys");
    assert_eq!(refused.record_errors().len(), 1_024);
    assert!(refused.to_string().contains("2000 record errors"));
}

proptest! {
    #[test]
    fn whatever_stands_behind_a_right_checksum_is_refused_or_can_be_opened(
        at in 61_usize..250, value in any::<u8>(), codec in 0_usize..5,
    ) {
        let mut bytes = batch_of(CODECS[codec], &[(NOW, Some("k")); 3]).bytes().to_vec();
        let at = at.min(bytes.len() - 1);
        bytes[at] = value;
        let crc = strait_wire::batch::crc32c(&bytes[21..]);
        bytes[17..21].copy_from_slice(&crc.to_be_bytes());
        if let Ok(valid) = run(&bytes.into(), &TopicSettings::default(), Depth::Full) {
            prop_assert!(open(&valid.batch, LIMIT).is_ok_and(|records| records.len() == 3));
        }
    }
}
