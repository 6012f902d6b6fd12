//! What record number N looks like: JSON of about 245 bytes, with the odd shapes strewn in.

use std::fmt::Write;

use rdkafka::message::{Header, OwnedHeaders};

use crate::random::Random;

/// One record, a pure function of its number.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Null in one of 16.
    pub key: Option<String>,
    /// Null (a tombstone) in one of 1,024, empty in another.
    pub value: Option<String>,
    /// On one of 8; names may repeat, values may be null.
    pub headers: Option<OwnedHeaders>,
    /// Milliseconds; not always rising.
    pub timestamp: i64,
}

const STATES: [&str; 4] = ["placed", "packed", "shipped", "returned"];
const WORDS: [&str; 16] = [
    "strait", "harbour", "lantern", "copper", "meadow", "orchard", "granite", "ribbon", "saddle", "timber",
    "velvet", "walnut", "anchor", "barley", "candle", "daisy",
];

/// The record with this number. `started` is the time of record 0.
pub fn sample(number: u64, started: i64) -> Sample {
    let mut random = Random::new(number);
    let bits = random.bits();
    let jitter = i64::try_from(bits % 7).expect("below 7");
    let position = i64::try_from(number / 8).expect("record numbers are small");
    Sample {
        key: (number % 16 != 5).then(|| format!("customer-{:06}", bits % 250_000)),
        value: value(number, &mut random),
        headers: (number % 8 == 3).then(|| headers(number)),
        timestamp: started + position - jitter,
    }
}

fn value(number: u64, random: &mut Random) -> Option<String> {
    match number % 1024 {
        17 => return None,
        18 => return Some(String::new()),
        _ => {}
    }
    let mut text = String::with_capacity(256);
    let (first, second) = (random.bits(), random.bits());
    write!(
        text,
        r#"{{"order":{number},"customer":"c{:06}","state":"{}","amount_cents":{},"currency":"EUR","warehouse":"eu-{:02}","created_at":"2026-11-{:02}T{:02}:{:02}:{:02}Z","token":"{:016x}","note":""#,
        first % 250_000,
        STATES[pick(first >> 20, STATES.len())],
        second % 1_000_000,
        first % 40,
        1 + second % 28,
        second % 24,
        first % 60,
        second % 60,
        random.bits(),
    )
    .expect("a string takes text");
    let mut bits = random.bits();
    for _ in 0..8 {
        text.push_str(WORDS[pick(bits, WORDS.len())]);
        text.push(' ');
        bits >>= 4;
    }
    text.push_str("\"}");
    Some(text)
}

fn pick(bits: u64, choices: usize) -> usize {
    usize::try_from(bits).expect("64-bit machines") % choices
}

fn headers(number: u64) -> OwnedHeaders {
    let trace = number.to_string();
    OwnedHeaders::new()
        .insert(Header { key: "trace", value: Some(trace.as_str()) })
        .insert(Header { key: "hop", value: Some("first") })
        .insert(Header { key: "hop", value: Some("second") })
        .insert(Header { key: "hop", value: Some("first") })
        .insert(Header::<&str> { key: "nothing", value: None })
        .insert(Header { key: "empty", value: Some("") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_about_245_bytes() {
        let sizes = (0..10_000).map(|number| sample(number, 0).value.map_or(0, |value| value.len()));
        let mean = sizes.sum::<usize>() / 10_000;
        assert!((238..=252).contains(&mean), "mean value is {mean} bytes");
    }
}
