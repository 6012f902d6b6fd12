//! A right frame of each request in each version, with names and batches that the broker knows.

use bytes::Bytes;
use strait_wire::batch::{BatchBuilder, Compression, Stamp};
use strait_wire::codec::{Decoder, Request, request_frame};
use strait_wire::message::{RequestVisitor, visit_requests};

use super::message::{Known, Style, message};
use super::random::Random;

/// Topics that may be harmed.
pub(super) const TOPICS: [&str; 2] = ["fuzzed-1", "fuzzed-2"];
const CLIENT: &str = "fuzz";
/// Different frames of each version.
const FRAMES_EACH: usize = 3;
/// Where a batch's checksum stands, and what it covers.
const CRC: std::ops::Range<usize> = 17..21;
const CODECS: [Compression; 5] =
    [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

/// All frames, each with its length before it.
pub(super) fn all(seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed);
    let known = Known { texts: texts(), data: batches(&mut random), largest: largest() };
    let mut frames = Frames { known, random, made: Vec::new() };
    visit_requests(&mut frames);
    frames.made
}

fn texts() -> Vec<&'static str> {
    let words =
        ["group-1", "member-1", "tx-1", "consumer", "range", "retention.ms", "1", "100", "PLAIN", "*"];
    TOPICS.iter().chain(&words).copied().collect()
}

/// What would only make the test slow: long waits, and thousands of partitions.
fn largest() -> Vec<(&'static str, usize)> {
    let waits = ["max_wait_ms", "session_timeout_ms", "rebalance_timeout_ms"];
    let counts = ["num_partitions", "count", "partition_index"];
    waits.into_iter().map(|wait| (wait, 20)).chain(counts.into_iter().map(|count| (count, 3))).collect()
}

/// Batches of each codec: right ones, and such whose records are wrong and whose checksums are right.
fn batches(random: &mut Random) -> Vec<Vec<u8>> {
    let mut batches = Vec::new();
    for codec in CODECS {
        let mut builder = BatchBuilder::new(codec, 0);
        for value in ["one", "two", "three"] {
            builder.push(0, None, Some(&Bytes::from_static(value.as_bytes())), &[]);
        }
        let right = builder.finish(Stamp::NONE, 0).expect("a batch").bytes().to_vec();
        for _ in 0..4 {
            let mut wrong = right.clone();
            let at = CRC.end + random.below(wrong.len() - CRC.end);
            wrong[at] ^= 1 << random.below(8);
            let checksum = crc32c(&wrong[CRC.end..]).to_be_bytes();
            wrong[CRC].copy_from_slice(&checksum);
            batches.push(wrong);
        }
        batches.push(right);
    }
    batches
}

fn crc32c(bytes: &[u8]) -> u32 {
    let shift = |crc: u32, _| (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), shift))
}

struct Frames {
    known: Known,
    random: Random,
    made: Vec<Vec<u8>>,
}

impl RequestVisitor for Frames {
    fn visit<R: Request>(&mut self) {
        for version in R::MIN_VERSION..=R::MAX_VERSION {
            for number in 0..FRAMES_EACH {
                let style = if number == 0 { Style::UnknownTags } else { Style::Plain };
                let body = message::<R>(version, style, &self.known, &mut self.random);
                let request = R::decode(version, &mut Decoder::new(body.into())).expect("a right message");
                let frame = request_frame(&request, version, 7, CLIENT).expect("a frame");
                self.made.push(frame.concat());
            }
        }
    }
}
