//! Opened batches hold the records that were written, by hand and by kafka-protocol, in all codecs.

use bytes::{Bytes, BytesMut};
use kafka_protocol::records as oracle;
use strait_wire::batch::{
    BatchBuilder, ClosedBatch, Compression, DecompressionLimit, Entry, Header, Record, Stamp, closed_batches,
    open,
};

use crate::generate::Random;
use crate::raw::{CODECS, RawBatch, RawRecord, code};

const LIMIT: DecompressionLimit = DecompressionLimit(1 << 20);
const CASES: u64 = 40;
const LOG_APPEND_TIME: i16 = 1 << 3;

fn random_bytes(random: &mut Random, longest: usize) -> Vec<u8> {
    (0..random.below(longest)).map(|_| b"abcdefgh"[random.below(8)]).collect()
}

fn random_nullable(random: &mut Random, longest: usize) -> Option<Vec<u8>> {
    (!random.chance(20)).then(|| random_bytes(random, longest))
}

/// A batch with gaps between its offsets, as compaction leaves them, and with headers that repeat.
fn random_batch(random: &mut Random) -> RawBatch {
    let mut offset_delta = random.below(3) as i32;
    let records = (0..1 + random.below(20)).map(|_| {
        let record = RawRecord {
            timestamp_delta: random.below(1_000) as i64 - 200,
            offset_delta,
            key: random_nullable(random, 20),
            value: random_nullable(random, 600),
            headers: (0..random.below(4))
                .map(|_| (random_bytes(random, 3), random_nullable(random, 9)))
                .collect(),
        };
        offset_delta += 1 + random.below(3) as i32;
        record
    });
    let records: Vec<RawRecord> = records.collect();
    RawBatch {
        base_offset: (random.bits() >> 2) as i64,
        attributes: if random.chance(50) { LOG_APPEND_TIME } else { 0 },
        last_offset_delta: offset_delta,
        base_timestamp: 1_700_000_000_000,
        max_timestamp: 1_700_000_000_000 + random.below(1_000) as i64,
        producer_id: random.below(5) as i64 - 1,
        records,
    }
}

fn bytes_of(bytes: &Option<Vec<u8>>) -> Option<Bytes> {
    bytes.clone().map(Bytes::from)
}

/// What a batch written by hand must open to.
fn expected(batch: &RawBatch) -> Vec<Record> {
    let log_append_time = batch.attributes & LOG_APPEND_TIME != 0;
    let record = |raw: &RawRecord| Record {
        offset: batch.base_offset + i64::from(raw.offset_delta),
        timestamp: if log_append_time {
            batch.max_timestamp
        } else {
            batch.base_timestamp + raw.timestamp_delta
        },
        key: bytes_of(&raw.key),
        value: bytes_of(&raw.value),
        headers: raw
            .headers
            .iter()
            .map(|(key, value)| Header { key: key.clone().into(), value: bytes_of(value) })
            .collect(),
    };
    batch.records.iter().map(record).collect()
}

fn closed(bytes: Vec<u8>) -> ClosedBatch {
    let mut entries = closed_batches(bytes.into());
    let Some(Ok(Entry::Closed(batch))) = entries.next() else { panic!("no batch of format 2") };
    assert!(entries.next().is_none() && entries.truncated_bytes() == 0);
    batch
}

fn oracle_records(bytes: &[u8]) -> Vec<oracle::Record> {
    let mut input = Bytes::copy_from_slice(bytes);
    oracle::RecordBatchDecoder::decode(&mut input).expect("readable for kafka-protocol").records
}

/// The same in what both can tell: kafka-protocol keeps one header of each key and no log append time.
fn assert_same(ours: &[Record], theirs: &[oracle::Record], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        let create_time = theirs.timestamp_type == oracle::TimestampType::Creation;
        let key_and_value = (&ours.key, &ours.value);
        assert_eq!((ours.offset, key_and_value), (theirs.offset, (&theirs.key, &theirs.value)), "{what}");
        assert!(!create_time || ours.timestamp == theirs.timestamp, "{what}: {ours:?} {theirs:?}");
        for (key, value) in &theirs.headers {
            let last = ours.headers.iter().rfind(|header| header.key == *key.as_bytes()).expect("a header");
            assert_eq!(&last.value, value, "{what}");
        }
    }
}

#[test]
fn batches_by_hand_open_to_their_records() {
    for seed in 0..CASES {
        let batch = random_batch(&mut Random::new(seed));
        for codec in CODECS {
            let what = format!("seed {seed} {codec:?}");
            let bytes = batch.bytes(codec);
            let closed = closed(bytes.clone());
            closed.verify_crc().expect(&what);
            assert_eq!(closed.is_gap_free(), batch.records.len() as i32 == batch.last_offset_delta + 1);
            let ours = open(&closed, LIMIT).expect(&what);
            assert_eq!(ours, expected(&batch), "{what}");
            assert_same(&ours, &oracle_records(&bytes), &what);
        }
    }
}

#[test]
fn batches_that_were_built_are_read_by_the_oracle() {
    for seed in 0..CASES {
        let records = expected(&random_batch(&mut Random::new(seed)));
        for codec in CODECS {
            let mut builder = BatchBuilder::new(codec, records[0].timestamp);
            for record in &records {
                builder.push(record.timestamp, record.key.as_ref(), record.value.as_ref(), &record.headers);
            }
            let built = builder.finish(Stamp::NONE, 90).expect("a batch");
            built.verify_crc().expect("a checksum");
            let wanted = records.iter().enumerate();
            let wanted: Vec<Record> =
                wanted.map(|(at, record)| Record { offset: 90 + at as i64, ..record.clone() }).collect();
            assert_eq!(open(&built, LIMIT).as_ref(), Ok(&wanted), "seed {seed} {codec:?}");
            assert_same(&wanted, &oracle_records(built.bytes()), &format!("seed {seed} {codec:?}"));
        }
    }
}

fn oracle_codec(codec: Compression) -> oracle::Compression {
    match codec {
        Compression::None => oracle::Compression::None,
        Compression::Gzip => oracle::Compression::Gzip,
        Compression::Snappy => oracle::Compression::Snappy,
        Compression::Lz4 => oracle::Compression::Lz4,
        Compression::Zstd => oracle::Compression::Zstd,
    }
}

#[test]
fn batches_of_the_oracle_open_to_the_same_records() {
    for seed in 0..CASES {
        let batch = RawBatch { attributes: 0, ..random_batch(&mut Random::new(seed)) };
        for codec in CODECS {
            let what = format!("seed {seed} {codec:?}");
            // Sequences that follow the offsets keep the records in one batch.
            let mut records = oracle_records(&batch.bytes(Compression::None));
            records.iter_mut().for_each(|record| record.sequence = record.offset as i32);
            let options = oracle::RecordEncodeOptions { version: 2, compression: oracle_codec(codec) };
            let mut bytes = BytesMut::new();
            oracle::RecordBatchEncoder::encode(&mut bytes, &records, &options).expect(&what);
            let closed = closed(bytes.to_vec());
            closed.verify_crc().expect(&what);
            assert_eq!(closed.header().attributes.0, code(codec));
            assert_same(&open(&closed, LIMIT).expect(&what), &records, &what);
        }
    }
}
