//! Produced batches are taken, refused and changed as by Kafka 4.3.1's own `LogValidator`: random batches and settings
//! that were given to it (`golden/Validate.java`), answer by answer.

use bytes::Bytes;
use strait_broker_core::produce_validation::{
    Depth, TimestampType, TopicCompression, TopicSettings, ValidBatch, Validation, only_batch, validate,
};
use strait_wire::batch::{Compression, DecompressionLimit, Decompressor, open};

const TRACE: &str = include_str!("golden/validations-4.3.1.txt");
const NOW: i64 = 1_700_000_000_000;
const LIMIT: DecompressionLimit = DecompressionLimit(1 << 20);
const CODECS: [Compression; 5] =
    [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

fn bytes(digits: &str) -> Bytes {
    let digits = digits.as_bytes().chunks(2).map(|digits| std::str::from_utf8(digits).expect("digits"));
    digits.map(|digits| u8::from_str_radix(digits, 16).expect("a byte")).collect()
}

fn hex(bytes: Option<&Bytes>) -> String {
    let digits = |bytes: &Bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    bytes.map_or("null".to_owned(), |bytes| format!("x{}", digits(bytes)))
}

fn describe(valid: &ValidBatch) -> String {
    valid.batch.verify_crc().expect("intact");
    let header = valid.batch.header();
    let mut text = format!(
        "OK {} {} {} {} {}",
        header.attributes.0,
        header.max_timestamp,
        header.producer_id,
        header.producer_epoch,
        header.base_sequence
    );
    for record in open(&valid.batch, LIMIT).expect("records") {
        let (key, value) = (hex(record.key.as_ref()), hex(record.value.as_ref()));
        text.push_str(&format!(" {}:{}:{key}:{value}", record.offset, record.timestamp));
    }
    text
}

/// Errors of records with their indexes, others without.
fn answer(produced: &Bytes, topic: &TopicSettings, decompressor: &mut Decompressor) -> String {
    let validation =
        Validation { topic, depth: Depth::Full, version: 9, now_ms: NOW, decompression_limit: LIMIT };
    let batch = only_batch(produced, &validation);
    match batch.and_then(|batch| validate(&batch, &validation, decompressor)) {
        Ok(valid) => describe(&valid),
        Err(error) if error.record_errors().is_empty() => format!("ERROR {} -", error.code().0),
        Err(error) => {
            let indexes: Vec<String> =
                error.record_errors().iter().map(|record| record.index.to_string()).collect();
            format!("ERROR {} {}", error.code().0, indexes.join(","))
        }
    }
}

#[test]
fn every_answer_is_that_of_kafka() {
    let mut decompressor = Decompressor::default();
    for (at, line) in TRACE.lines().enumerate() {
        let words: Vec<&str> = line.splitn(5, ' ').collect();
        let &[produced, target, compacted, kind, expected] = words.as_slice() else { panic!("five words") };
        let target = CODECS.into_iter().find(|codec| codec.name() == target).expect("a codec");
        let topic = TopicSettings {
            is_compacted: compacted == "1",
            timestamp_type: if kind == "1" {
                TimestampType::LogAppendTime
            } else {
                TimestampType::CreateTime
            },
            timestamp_before_max_ms: 100,
            timestamp_after_max_ms: 50,
            compression: TopicCompression::Fixed(target),
            ..TopicSettings::default()
        };
        assert_eq!(answer(&bytes(produced), &topic, &mut decompressor), expected, "line {}", at + 1);
    }
    assert_eq!(TRACE.lines().count(), 500);
}
