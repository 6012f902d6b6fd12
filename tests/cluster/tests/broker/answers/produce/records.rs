//! Records that no serializer writes, in batches that are otherwise right.

use super::super::forged::{Forged, Part};

/// Each with its name: three records of which the second is odd.
pub(super) fn odd() -> Vec<(&'static str, Forged)> {
    let second = |part: Part| Forged::of(0, vec![Part::at(0).bytes(), part.bytes(), Part::at(2).bytes()]);
    let part = || Part::at(1);
    let with_header = |key, value| Part { headers: vec![(key, value)], ..part() };
    vec![
        ("record attributes 0x7f", second(Part { attributes: 0x7f, ..part() })),
        ("record timestamp delta -5", second(Part { timestamp_delta: -5, ..part() })),
        ("record offset delta 7", second(Part { offset_delta: 7, ..part() })),
        ("record offset delta 0 again", second(Part { offset_delta: 0, ..part() })),
        ("record offset delta -1", second(Part { offset_delta: -1, ..part() })),
        ("record empty key", second(Part { key: Some(""), ..part() })),
        ("record empty value", second(Part { value: Some(""), ..part() })),
        ("record key length -2", second(Part { key: None, key_length: Some(-2), ..part() })),
        ("record key length 100", second(Part { key_length: Some(100), ..part() })),
        ("record header count -1", second(Part { header_count: Some(-1), ..part() })),
        ("record header count 1 of none", second(Part { header_count: Some(1), ..part() })),
        ("record header count huge", second(Part { header_count: Some(i64::from(i32::MAX)), ..part() })),
        ("record header without value", second(with_header("h", None))),
        ("record header with empty key", second(with_header("", Some("1")))),
        ("record two equal headers", {
            second(Part { headers: vec![("h", Some("1")), ("h", Some("1"))], ..part() })
        }),
        ("record bytes after its headers", second(Part { tail: b"tail", ..part() })),
        ("record length 1 too short", second(Part { length_off_by: -1, ..part() })),
        ("record length 1 too long", second(Part { length_off_by: 1, ..part() })),
        ("record length 1000 too long", second(Part { length_off_by: 1_000, ..part() })),
        ("record length -1", second(Part { length_off_by: -1_000, ..part() })),
    ]
}

/// Offsets and timestamps of single records, in every codec.
pub(super) fn numbering(codec: i16) -> Vec<(&'static str, Forged)> {
    let numbered =
        |deltas: &[i64]| Forged::of(codec, deltas.iter().map(|delta| Part::at(*delta).bytes()).collect());
    vec![
        ("gaps of compaction", Forged { last_offset_delta: Some(9), ..numbered(&[0, 2, 4, 6, 9]) }),
        ("tail gone by compaction", Forged { last_offset_delta: Some(4), ..numbered(&[0, 1, 2]) }),
        ("head gone by compaction", Forged { last_offset_delta: Some(4), ..numbered(&[2, 3, 4]) }),
        ("gaps with a patched last offset delta", numbered(&[0, 2, 4, 6, 9])),
        ("offset deltas from 1", numbered(&[1, 2, 3])),
        ("offset deltas backwards", numbered(&[2, 1, 0])),
    ]
}

/// Keys and timestamps that a topic may mind.
pub(super) fn content(codec: i16) -> Vec<(&'static str, Forged)> {
    let three = |parts: [Part; 3]| Forged::of(codec, parts.iter().map(Part::bytes).collect());
    let [first, second, third] = [0, 1, 2].map(Part::at);
    let without = |part: &Part| Part { key: None, ..part.clone() };
    // 2286-11-20, as a distance from the base timestamp.
    let future = 8_300_000_000_000;
    let at = |part: &Part, timestamp_delta| Part { timestamp_delta, ..part.clone() };
    vec![
        ("one record without a key", three([first.clone(), without(&second), third.clone()])),
        ("no record with a key", three([without(&first), without(&second), without(&third)])),
        ("one record of the future", three([first.clone(), at(&second, future), third.clone()])),
        ("all records of the future", {
            let last = super::super::forged::TIME + future;
            let batch = three([at(&first, future), at(&second, future), at(&third, future)]);
            Forged { max_timestamp: last, ..batch }
        }),
        ("one record without a time", {
            three([first.clone(), at(&second, -1 - super::super::forged::TIME), third.clone()])
        }),
        ("record of the future without a key", three([first, at(&without(&second), future), third])),
    ]
}
