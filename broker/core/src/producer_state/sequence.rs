//! Sequence numbers count records from 0 to 2^31 - 1 and begin again at 0 (KIP-98).

/// The sequence of a batch without an idempotent producer, or of a marker.
pub(super) const NO_SEQUENCE: i32 = -1;

/// The sequence of the record `count` records behind `base`; a negative base is no sequence and stays.
pub fn sequence_after(base: i32, count: i32) -> i32 {
    if base < 0 { base } else { ((i64::from(base) + i64::from(count)) & i64::from(i32::MAX)) as i32 }
}

/// The sequence that must follow `last`.
pub fn next_sequence(last: i32) -> i32 {
    if last < 0 { 0 } else { sequence_after(last, 1) }
}

/// The sequence of the record `count` records before `last`.
pub(super) fn sequence_before(last: i32, count: i32) -> i32 {
    if last < 0 { last } else { ((i64::from(last) - i64::from(count)) & i64::from(i32::MAX)) as i32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_wrap_to_zero() {
        assert_eq!(next_sequence(i32::MAX), 0);
        assert_eq!(next_sequence(7), 8);
        assert_eq!(next_sequence(NO_SEQUENCE), 0);
        assert_eq!(sequence_after(i32::MAX - 1, 3), 1);
        assert_eq!(sequence_before(1, 3), i32::MAX - 1);
        assert_eq!(sequence_after(NO_SEQUENCE, 4), NO_SEQUENCE);
        assert_eq!(sequence_before(NO_SEQUENCE, 4), NO_SEQUENCE);
    }
}
