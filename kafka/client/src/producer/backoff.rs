//! How long a batch waits before it is sent again: doubling from the first pause to the longest.

/// Pauses between attempts, milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) first_ms: i64,
    pub(crate) longest_ms: i64,
}

impl Backoff {
    /// The pause after this many attempts.
    pub(crate) fn after(self, attempts: i32) -> i64 {
        let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(32);
        let longest = self.longest_ms.max(0);
        self.first_ms.saturating_mul(1_i64 << doublings).clamp(0, longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let backoff = Backoff { first_ms: 100, longest_ms: 1_000 };
        assert_eq!(
            [0, 1, 2, 3, 4, 5, i32::MAX].map(|attempts| backoff.after(attempts)),
            [100, 100, 200, 400, 800, 1_000, 1_000]
        );
        assert_eq!(Backoff { first_ms: 100, longest_ms: 50 }.after(1), 50);
        assert_eq!(Backoff { first_ms: i64::MAX, longest_ms: i64::MAX }.after(9), i64::MAX);
    }
}
