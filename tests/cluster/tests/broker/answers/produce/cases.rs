//! Everything that is sent: what a copier could get wrong, what a client could lie about, and what is right.

use bytes::Bytes;

use super::super::forged::{Forged, Part, TIME, legacy, seal};
use super::{Case, NOBODY, records};

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
/// First version of Produce with errors of single records in compact form.
const VERSION: i16 = 9;
/// Of topics that take small batches only: a little more than the plain one without compression.
pub(super) const SMALL_LIMIT: &str = "107";

/// All cases, each with its own name. Those after which Kafka's own log is no longer right come last.
pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for (code, codec) in (0..).zip(CODECS) {
        let named = |name: &str, bytes: Vec<u8>| case(&format!("{name}, {codec}"), bytes);
        let plain = Forged::plain(code);
        cases.push(named("plain", plain.bytes()));
        cases.extend(headers(&plain).into_iter().map(|(name, batch)| named(name, batch.bytes())));
        cases.extend(records::content(code).into_iter().map(|(name, batch)| named(name, batch.bytes())));
        cases.extend(damaged(&plain).into_iter().map(|(name, bytes)| named(name, bytes)));
    }
    cases.extend(producers());
    cases.extend(frames());
    cases.extend(versions());
    cases.extend(records::odd().into_iter().map(|(name, batch)| case(name, batch.bytes())));
    for (code, codec) in (0..).zip(CODECS) {
        let numbering = records::numbering(code).into_iter();
        cases.extend(numbering.map(|(name, batch)| case(&format!("{name}, {codec}"), batch.bytes())));
    }
    cases
}

fn case(name: &str, bytes: Vec<u8>) -> Case {
    let bytes = Bytes::from(bytes);
    Case { name: name.to_owned(), version: VERSION, transactional_id: None, bytes }
}

/// Fields of the header that say something else.
fn headers(plain: &Forged) -> Vec<(&'static str, Forged)> {
    let plain = || plain.clone();
    vec![
        ("base offset 1000", Forged { base_offset: 1_000, ..plain() }),
        ("base offset -1", Forged { base_offset: -1, ..plain() }),
        ("leader epoch 77", Forged { leader_epoch: 77, ..plain() }),
        ("append time bit", Forged { attributes: 1 << 3, ..plain() }),
        ("transactional bit without producer", Forged { attributes: 1 << 4, ..plain() }),
        ("control bit", Forged { attributes: 1 << 5, ..plain() }),
        ("delete horizon bit", Forged { attributes: 1 << 6, ..plain() }),
        ("unused bit 7", Forged { attributes: 1 << 7, ..plain() }),
        ("unused bits 7 to 14", Forged { attributes: 0x7f80, ..plain() }),
        ("unused bit 15", Forged { attributes: i16::MIN, ..plain() }),
        ("max timestamp too large", Forged { max_timestamp: TIME + 9, ..plain() }),
        ("max timestamp too small", Forged { max_timestamp: TIME + 1, ..plain() }),
        ("max timestamp -1", Forged { max_timestamp: -1, ..plain() }),
        ("append time bit and max timestamp -1", Forged { attributes: 1 << 3, max_timestamp: -1, ..plain() }),
        ("count 2 of 3", Forged { count: Some(2), ..plain() }),
        ("count and last offset 2 of 3", {
            Forged { count: Some(2), last_offset_delta: Some(1), ..plain() }
        }),
        ("count 4 of 3", Forged { count: Some(4), ..plain() }),
        ("count and last offset 4 of 3", {
            Forged { count: Some(4), last_offset_delta: Some(3), ..plain() }
        }),
        ("count -1", Forged { count: Some(-1), ..plain() }),
        ("count 0 of 3", Forged { count: Some(0), ..plain() }),
        ("last offset delta -1", Forged { last_offset_delta: Some(-1), ..plain() }),
        (
            "empty batch of compaction",
            Forged { count: Some(0), records: Vec::new(), last_offset_delta: Some(4), ..plain() },
        ),
        ("empty batch", Forged { records: Vec::new(), ..plain() }),
    ]
}

/// Bytes that changed on the way.
fn damaged(plain: &Forged) -> Vec<(&'static str, Vec<u8>)> {
    let flipped = |at_from_end: usize, is_sealed: bool| {
        let mut bytes = plain.bytes();
        let at = bytes.len() - at_from_end;
        bytes[at] ^= 1;
        if is_sealed {
            seal(&mut bytes);
        }
        bytes
    };
    let mut header = plain.bytes();
    header[35] ^= 1;
    let mut checksum = plain.bytes();
    checksum[17] ^= 1;
    vec![
        ("payload bit flipped", flipped(10, false)),
        ("payload bit flipped under a new checksum", flipped(10, true)),
        ("last bit flipped under a new checksum", flipped(1, true)),
        ("header bit flipped", header),
        ("checksum bit flipped", checksum),
        ("no payload", plain.with_payload(&[])),
        ("garbage for a payload", plain.with_payload(b"these are no records, in no codec at all")),
    ]
}

/// Who wrote it.
fn producers() -> Vec<Case> {
    let transactional = Forged { attributes: 1 << 4, ..Forged::from_producer(4_000_001, 0, 0, 3) };
    let control = |kind: &'static str| {
        let marker = Part { key: Some(kind), value: Some("\0\0\0\0\0\0"), ..Part::at(0) };
        let batch = Forged::of(0, vec![marker.bytes()]);
        Forged { attributes: 0x30, producer_id: 4_000_002, epoch: 0, max_timestamp: TIME, ..batch }.bytes()
    };
    let with_id =
        |bytes: Vec<u8>| Case { transactional_id: Some(NOBODY), ..case("transaction of nobody", bytes) };
    vec![
        case("foreign producer", Forged::from_producer(4_000_003, 3, 100, 3).bytes()),
        case("producer without a sequence", Forged::from_producer(4_000_004, 0, -1, 3).bytes()),
        case("producer without an epoch", Forged::from_producer(4_000_005, -1, 0, 3).bytes()),
        case("producer with a negative epoch", Forged::from_producer(4_000_006, -2, 0, 3).bytes()),
        case("sequence without a producer", Forged::from_producer(-1, 0, 5, 3).bytes()),
        case("producer id -2", Forged::from_producer(-2, 0, 5, 3).bytes()),
        case("transactional bit without transactional id", transactional.bytes()),
        with_id(transactional.bytes()),
        case("commit marker", control("\0\0\0\u{1}")),
        case("abort marker", control("\0\0\0\0")),
    ]
}

/// What stands around the batch.
fn frames() -> Vec<Case> {
    let plain = || Forged::plain(0).bytes();
    let length = |length: i32| {
        let mut bytes = plain();
        bytes[8..12].copy_from_slice(&length.to_be_bytes());
        bytes
    };
    let own = i32::try_from(plain().len()).expect("short") - 12;
    vec![
        case("no bytes", Vec::new()),
        case("two batches", [plain(), plain()].concat()),
        case("a batch and a cut one", [plain(), plain()[..80].to_vec()].concat()),
        case("a batch and a cut header", [plain(), plain()[..16].to_vec()].concat()),
        case("a batch and zeros", [plain(), vec![0; 40]].concat()),
        case("a batch and ones", [plain(), vec![0xff; 40]].concat()),
        case("cut batch", plain()[..80].to_vec()),
        case("cut header", plain()[..40].to_vec()),
        case("length 1 too long", length(own + 1)),
        case("length 1 too short", length(own - 1)),
        case("length 0", length(0)),
        case("length -1", length(-1)),
        case("length 48", length(48)),
        case("length of 2 GiB", length(i32::MAX)),
        case("records behind the last", {
            let batch = Forged::plain(0);
            let payload = [batch.records.concat(), b"behind".to_vec()].concat();
            batch.with_payload(&payload)
        }),
    ]
}

/// Formats and codecs that came, or come, with another version.
fn versions() -> Vec<Case> {
    let mut cases = Vec::new();
    for magic in [-1, 3, 127] {
        cases.push(case(&format!("magic {magic}"), Forged { magic, ..Forged::plain(0) }.bytes()));
    }
    for codec in [5, 6, 7] {
        cases.push(case(&format!("codec {codec}"), Forged::plain(codec).bytes()));
    }
    for version in [3, 5, 6, 7, 8, 9] {
        for (code, codec) in [(0, "none"), (3, "lz4"), (4, "zstd")] {
            let bytes = Forged::plain(code).bytes();
            cases.push(Case { version, ..case(&format!("plain, {codec}, version {version}"), bytes) });
        }
        for magic in [0, 1] {
            let name = format!("message format {magic}, version {version}");
            cases.push(Case { version, ..case(&name, legacy(magic)) });
        }
    }
    cases
}
