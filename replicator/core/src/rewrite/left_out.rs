//! Source ranges that a flow's policy leaves out, because the target refused them or they can't be read.

/// Ranges of source offsets, each with its first and last.
#[derive(Clone, Debug, Default)]
pub struct LeftOut(Vec<(i64, i64)>);

impl LeftOut {
    pub fn add(&mut self, first: i64, last: i64) {
        self.0.push((first, last));
    }

    /// Forgets ranges below the position.
    pub fn forget_below(&mut self, position: i64) {
        self.0.retain(|(_, last)| *last >= position);
    }

    pub(super) fn contains(&self, offset: i64) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&offset))
    }

    /// One range holds all of `first` to `last`.
    pub(super) fn covers(&self, first: i64, last: i64) -> bool {
        self.0.iter().any(|(begin, end)| *begin <= first && last <= *end)
    }

    pub(super) fn touches(&self, first: i64, last: i64) -> bool {
        self.0.iter().any(|(begin, end)| *begin <= last && first <= *end)
    }
}
