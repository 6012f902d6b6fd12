//! Seeded randomness: the same seed gives the same run.

use std::time::{Duration, SystemTime};

use crate::settings;

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The generator of one seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A generator from `STRAIT_SEED`, or from the clock; says which and how to replay it.
    pub fn announced(test: &str) -> Self {
        let fresh = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |age| age.as_secs());
        let seed = settings::number("STRAIT_SEED", fresh);
        eprintln!(
            "seed {seed}: replay with STRAIT_SEED={seed} cargo test -p strait-cluster-tests --test {test}"
        );
        Self::new(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `low..high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        assert!(low < high, "an empty range: {low}..{high}");
        low + self.bits() % (high - low)
    }

    /// A time span in `low..high` milliseconds.
    pub fn millis(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }
}
