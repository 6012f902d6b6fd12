//! What record number N looks like: an order as JSON, of exactly the size that was asked for where that has room.

use bytes::Bytes;

use crate::random::Random;

const STATES: [&str; 4] = ["placed", "packed", "shipped", "returned"];
const WORDS: [&str; 16] = [
    "strait", "harbour", "lantern", "copper", "meadow", "orchard", "granite", "ribbon", "saddle", "timber",
    "velvet", "walnut", "anchor", "barley", "candle", "daisy",
];
/// Bytes of `,"note":""}`.
const NOTE_OVERHEAD: usize = 11;

/// Makes records, each a pure function of seed and number.
#[derive(Clone, Debug)]
pub(crate) struct Corpus {
    pub(crate) seed: u64,
    pub(crate) record_size: usize,
}

impl Corpus {
    pub(crate) fn key(&self, number: u64) -> Bytes {
        let customer = self.random(number).bits() % 250_000;
        format!("customer-{customer:06}").into()
    }

    pub(crate) fn value(&self, number: u64) -> Bytes {
        let mut random = self.random(number);
        let (first, second) = (random.bits(), random.bits());
        let fields = [
            format!(r#","customer":"c{:06}""#, first % 250_000),
            format!(r#","state":"{}""#, STATES[(first >> 20) as usize % STATES.len()]),
            format!(r#","amount_cents":{}"#, second % 1_000_000),
            r#","currency":"EUR""#.to_owned(),
            format!(r#","warehouse":"eu-{:02}""#, first % 40),
            format!(
                r#","created_at":"2026-11-{:02}T{:02}:{:02}:{:02}Z""#,
                1 + second % 28,
                second % 24,
                first % 60,
                second % 60
            ),
            format!(r#","token":"{:016x}""#, random.bits()),
        ];
        let mut text = String::with_capacity(self.record_size.max(64));
        text.push_str(&format!(r#"{{"order":{number}"#));
        for field in fields {
            if text.len() + field.len() + NOTE_OVERHEAD <= self.record_size {
                text.push_str(&field);
            }
        }
        text.push_str(r#","note":""#);
        self.fill(&mut text, &mut random);
        text.push_str("\"}");
        text.into()
    }

    /// Words up to where the text must end, the last one cut.
    fn fill(&self, text: &mut String, random: &mut Random) {
        let (begun, end) = (text.len(), self.record_size.saturating_sub(2));
        let mut bits = 0;
        while text.len() < end {
            bits = if bits == 0 { random.bits() } else { bits >> 4 };
            text.push_str(WORDS[bits as usize % WORDS.len()]);
            text.push(' ');
        }
        text.truncate(end.max(begun));
    }

    fn random(&self, number: u64) -> Random {
        Random::new(self.seed.wrapping_add(number.wrapping_mul(0x2545_f491_4f6c_dd1d)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_size_that_was_asked_for() {
        for record_size in [64, 100, 245, 1_024, 10_240] {
            let corpus = Corpus { seed: 1, record_size };
            for number in [0, 1, 999, 3_999_999] {
                let value = corpus.value(number);
                assert_eq!(value.len(), record_size);
                assert!(value.starts_with(b"{\"order\":") && value.ends_with(b"\"}"));
            }
        }
    }

    #[test]
    fn the_seed_decides() {
        let corpus = |seed| Corpus { seed, record_size: 245 };
        assert_eq!(corpus(7).value(12), corpus(7).value(12));
        assert_ne!(corpus(7).value(12), corpus(8).value(12));
    }
}
