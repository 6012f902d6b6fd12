//! Spans of time as ISO 8601 writes them (`java.time.Duration`): `P1DT2H3M4.5S`.

use std::time::Duration;

/// `None` for a text that is none, and for a negative span.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.to_ascii_uppercase();
    let (days, time) = match text.strip_prefix('P')?.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (text.strip_prefix('P')?, None),
    };
    let mut total = Duration::ZERO;
    let mut parts = 0;
    if !days.is_empty() {
        total += seconds(days.strip_suffix('D')?.parse().ok()?, 86_400)?;
        parts += 1;
    }
    if let Some(mut time) = time {
        for (unit, factor) in [('H', 3_600), ('M', 60)] {
            if let Some((number, rest)) = time.split_once(unit) {
                total = total.checked_add(seconds(number.parse().ok()?, factor)?)?;
                (time, parts) = (rest, parts + 1);
            }
        }
        if !time.is_empty() {
            total = total.checked_add(fraction(time.strip_suffix('S')?)?)?;
            parts += 1;
        }
    }
    (parts > 0).then_some(total)
}

fn seconds(number: u64, factor: u64) -> Option<Duration> {
    number.checked_mul(factor).map(Duration::from_secs)
}

fn fraction(text: &str) -> Option<Duration> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    if part.len() > 9 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos: u32 = format!("{part:0<9}").parse().ok()?;
    Some(Duration::new(whole.parse().ok()?, nanos))
}

/// Reads back as the same span.
pub(crate) fn print_duration(span: Duration) -> String {
    match span.subsec_nanos() {
        0 => format!("PT{}S", span.as_secs()),
        nanos => format!("PT{}.{nanos:09}S", span.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_java_reads_them() {
        let table = [
            ("PT1H", Some(3_600_000)),
            ("P1DT2H3M4.5S", Some(93_784_500)),
            ("pt0.001s", Some(1)),
            ("P2D", Some(172_800_000)),
            ("PT0S", Some(0)),
            ("", None),
            ("P", None),
            ("PT", None),
            ("1h", None),
            ("PT1S1M", None),
            ("PT-1H", None),
            ("PT1.S.S", None),
            ("P99999999999999999999D", None),
        ];
        for (text, millis) in table {
            assert_eq!(parse_duration(text), millis.map(Duration::from_millis), "{text}");
        }
        for millis in [0, 1, 999, 1_000, 93_784_500] {
            let span = Duration::from_millis(millis);
            assert_eq!(parse_duration(&print_duration(span)), Some(span));
        }
    }
}
