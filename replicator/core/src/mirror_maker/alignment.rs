//! Where a copy ends: the source's record that follows those which the copy ends with. What a copier has stored of its
//! position is older than its copy if it was killed.

use std::collections::VecDeque;

/// What tells records apart: of key, value, names of headers, and time.
pub type Fingerprint = u64;

/// Where to go on at the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// The copy ends with the record before this offset.
    At(i64),
    /// It may end at several places, as its records are alike: this is the first of them, and up to so many records
    /// behind it are copied twice.
    Ambiguous { first: i64, repeated: u64 },
    /// Its last records are not in the source where they should be.
    NotFound,
}

/// Records of the source that may lie among those of the copy's end, for each of these: those of aborted transactions.
const AMONG: usize = 64;

/// Looks for the end of a copy among the records of the source.
#[derive(Clone, Debug)]
pub struct Aligner {
    /// The copy's last records.
    tail: Vec<Fingerprint>,
    /// The source's newest so far.
    window: VecDeque<Fingerprint>,
    /// Behind the first match and behind the last, with the records between.
    found: Option<(i64, u64)>,
    since_first: u64,
}

impl Aligner {
    /// With the last records of a copy, oldest first.
    pub fn new(tail: Vec<Fingerprint>) -> Self {
        Self { window: VecDeque::new(), tail, found: None, since_first: 0 }
    }

    /// The source's next record. `counts` is false before the stored position: the copy does not end there.
    pub fn push(&mut self, offset: i64, record: Fingerprint, counts: bool) {
        if self.window.len() == self.tail.len() * AMONG {
            self.window.pop_front();
        }
        self.window.push_back(record);
        if self.found.is_some() {
            self.since_first += 1;
        }
        if !counts || self.tail.last() != Some(&record) || !self.has_tail() {
            return;
        }
        match &mut self.found {
            None => self.found = Some((offset + 1, 0)),
            Some((_, repeated)) => *repeated = self.since_first,
        }
    }

    /// The source's newest records hold those of the tail in their order.
    fn has_tail(&self) -> bool {
        let mut newest = self.window.iter().rev();
        self.tail.iter().rev().all(|record| newest.any(|candidate| candidate == record))
    }

    /// What was found so far.
    pub fn alignment(&self) -> Alignment {
        match self.found {
            Some((first, 0)) => Alignment::At(first),
            Some((first, repeated)) => Alignment::Ambiguous { first, repeated },
            None => Alignment::NotFound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn align(source: &[u64], tail: &[u64], stored: i64) -> Alignment {
        let mut aligner = Aligner::new(tail.to_vec());
        for (offset, record) in (0..).zip(source) {
            aligner.push(offset, *record, offset >= stored);
        }
        aligner.alignment()
    }

    #[test]
    fn a_copy_ends_where_its_last_records_do() {
        let source = [1, 2, 3, 4, 5, 6, 7];
        assert_eq!(align(&source, &[3, 4], 3), Alignment::At(4), "the stored position is true");
        assert_eq!(align(&source, &[5, 6], 3), Alignment::At(6), "it was copied further");
        assert_eq!(align(&source, &[2, 3], 3), Alignment::NotFound, "the copy lacks what was stored");
        assert_eq!(align(&source, &[5, 9], 3), Alignment::NotFound, "somebody else wrote to it");
        assert_eq!(align(&source, &[1, 2, 3, 4, 5, 6, 7], 3), Alignment::At(7));
        assert_eq!(align(&source, &[2, 4, 6], 3), Alignment::At(6), "aborted records lie between");
        assert_eq!(align(&source, &[4, 3], 3), Alignment::NotFound, "another order");
    }

    #[test]
    fn records_that_are_alike_are_said() {
        let source = [1, 2, 9, 9, 9, 9, 3];
        assert_eq!(align(&source, &[9, 9], 2), Alignment::Ambiguous { first: 4, repeated: 2 });
        assert_eq!(align(&source, &[2, 9, 9], 2), Alignment::Ambiguous { first: 4, repeated: 2 });
        assert_eq!(align(&source, &[9, 9, 3], 2), Alignment::At(7));
    }
}
