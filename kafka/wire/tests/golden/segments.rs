//! Segments of brokers hold the records that were produced.

use std::path::Path;

use bytes::Bytes;
use strait_wire::batch::{
    ClosedBatch, Compression, ControlKind, DecompressionLimit, Entry, Header, LegacyMessageSet, Record,
    closed_batches, control_record, open,
};

const LIMIT: DecompressionLimit = DecompressionLimit(1 << 20);
const TIME: i64 = 1_700_000_000_000;

fn entries(name: &str) -> Vec<Entry> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/segments");
    let bytes = std::fs::read(folder.join(format!("{name}.bin"))).expect("a file");
    let mut entries = closed_batches(Bytes::from(bytes));
    let read = entries.by_ref().map(|entry| entry.expect("an entry")).collect();
    assert_eq!(entries.truncated_bytes(), 0, "{name}");
    read
}

fn batches(name: &str) -> Vec<ClosedBatch> {
    let batch = |entry| match entry {
        Entry::Closed(batch) => batch,
        Entry::Legacy(_) => panic!("{name}: an old format"),
    };
    let batches: Vec<ClosedBatch> = entries(name).into_iter().map(batch).collect();
    batches.iter().for_each(|batch| batch.verify_crc().expect(name));
    batches
}

fn sets(name: &str) -> Vec<LegacyMessageSet> {
    let set = |entry| match entry {
        Entry::Legacy(set) => set,
        Entry::Closed(_) => panic!("{name}: format 2"),
    };
    entries(name).into_iter().map(set).collect()
}

fn records_of_batches(batches: &[ClosedBatch]) -> Vec<Record> {
    batches.iter().flat_map(|batch| open(batch, LIMIT).expect("records")).collect()
}

fn records_of_sets(sets: &[LegacyMessageSet]) -> Vec<Record> {
    sets.iter().flat_map(|set| set.open(LIMIT).expect("records")).collect()
}

fn header(key: &'static str, value: Option<&'static [u8]>) -> Header {
    Header { key: key.into(), value: value.map(Bytes::from_static) }
}

/// What was produced to the topics of codecs; the old formats have no headers, and format 0 no timestamps.
fn produced(format: i8, offset: i64) -> Record {
    let trace = [header("trace", Some(&[1, 2])), header("trace", Some(&[3])), header("empty", None)];
    Record {
        offset,
        timestamp: if format == 0 { -1 } else { TIME + offset },
        key: (offset != 1).then(|| format!("key {offset}").into()),
        value: (offset != 2).then(|| format!("value {offset} ").repeat(10).into()),
        headers: if format == 2 && offset == 0 { trace.to_vec() } else { Vec::new() },
    }
}

fn produced_up_to(format: i8, end: i64) -> Vec<Record> {
    (0..end).map(|offset| produced(format, offset)).collect()
}

#[test]
fn all_codecs_of_format_2() {
    let codecs =
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];
    for codec in codecs {
        let batches = batches(&format!("format-2-codec-{}", codec.name()));
        let [batch] = batches.as_slice() else { panic!("{codec:?}: not one batch") };
        assert_eq!(batch.header().attributes.compression(), Ok(codec));
        assert_eq!((batch.header().base_sequence, batch.header().max_timestamp), (0, TIME + 4));
        assert!(batch.is_gap_free() && batch.header().producer_id >= 0);
        assert_eq!(records_of_batches(&batches), produced_up_to(2, 5), "{codec:?}");
    }
}

#[test]
fn all_codecs_of_formats_0_and_1() {
    for format in [0, 1] {
        for codec in [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4] {
            let sets = sets(&format!("format-{format}-codec-{}", codec.name()));
            assert_eq!(sets.len(), if codec == Compression::None { 5 } else { 1 });
            for set in &sets {
                assert_eq!((set.magic(), set.compression()), (format, Ok(codec)));
            }
            assert_eq!(sets.last().map(LegacyMessageSet::last_offset), Some(4));
            assert_eq!(records_of_sets(&sets), produced_up_to(format, 5), "format {format} {codec:?}");
        }
    }
}

fn assert_log_append_time(mut records: Vec<Record>, format: i8, time: i64) {
    assert!(records.iter().all(|record| record.timestamp == time));
    let wanted = (0..3).map(|offset| Record { headers: Vec::new(), ..produced(format, offset) });
    records.iter_mut().for_each(|record| record.timestamp = TIME + record.offset);
    assert_eq!(records, wanted.collect::<Vec<_>>());
}

#[test]
fn log_append_time() {
    let batches = batches("format-2-append-time");
    let head = batches[0].header();
    assert!(head.attributes.is_log_append_time() && head.max_timestamp > TIME + 3);
    assert_log_append_time(records_of_batches(&batches), 2, head.max_timestamp);
    let records = records_of_sets(&sets("format-1-append-time"));
    let time = records[0].timestamp;
    assert!(time > TIME + 3);
    assert_log_append_time(records, 1, time);
}

fn assert_compacted(records: &[Record]) {
    let kept = records.iter().map(|record| {
        let text = |bytes: &Option<Bytes>| {
            String::from_utf8(bytes.as_deref().expect("bytes").to_vec()).expect("text")
        };
        (record.offset, text(&record.key), text(&record.value))
    });
    let wanted = [
        (2, "a", "of a"),
        (3, "c", "of c"),
        (4, "b", "of b"),
        (5, "d", "of d"),
        (6, "last", "rolls the segment"),
    ];
    let wanted = wanted.map(|(offset, key, value)| (offset, key.to_owned(), value.to_owned()));
    assert_eq!(kept.collect::<Vec<_>>(), wanted);
}

#[test]
fn compaction_leaves_gaps_and_the_first_offset_of_the_batch() {
    let batches = batches("format-2-compacted");
    let head = batches[0].header();
    assert_eq!((head.base_offset, head.last_offset_delta, head.records_count), (0, 5, 4));
    assert!(!batches[0].is_gap_free() && batches[1].is_gap_free());
    assert_compacted(&records_of_batches(&batches));
    for format in [0, 1] {
        assert_compacted(&records_of_sets(&sets(&format!("format-{format}-compacted"))));
    }
}

#[test]
fn transactions_with_markers() {
    let batches = batches("format-2-transactions");
    let told = batches.iter().map(|batch| {
        let head = batch.header();
        assert!(head.attributes.is_transactional());
        let marker = head.attributes.is_control().then(|| control_record(batch).expect("a marker").kind);
        (head.base_offset, head.records_count, marker)
    });
    let wanted = [
        (0, 1, None),
        (1, 1, None),
        (2, 1, Some(ControlKind::Commit)),
        (3, 2, None),
        (5, 1, Some(ControlKind::Abort)),
        (6, 1, None),
        (7, 1, Some(ControlKind::Commit)),
    ];
    assert_eq!(told.collect::<Vec<_>>(), wanted);
}
