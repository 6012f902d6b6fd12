//! What is copied: runs in order, and which source offset holds which record.

use std::fmt;

use serde::Serialize;

/// Records of a transaction; its marker makes one in a hundred.
const TRANSACTION: i64 = 99;
/// Records of one batch.
const BATCH: i64 = 500;
/// Compaction leaves one of so many.
const SURVIVING: u64 = 10;

/// The topic that is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Workload {
    /// Without holes.
    Ordinary,
    /// One marker in 100 offsets.
    Transactional,
    /// Every tenth record survived, at random.
    Compacted,
}

/// The most that a map may take on disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiskBar {
    pub bytes: f64,
    pub per: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Map,
    Transaction,
    Record,
}

impl Workload {
    pub const ALL: [Self; 3] = [Self::Ordinary, Self::Transactional, Self::Compacted];

    pub fn disk_bar(self) -> DiskBar {
        match self {
            Self::Ordinary => DiskBar { bytes: 65_536.0, per: Unit::Map },
            Self::Transactional => DiskBar { bytes: 3.0, per: Unit::Transaction },
            Self::Compacted => DiskBar { bytes: 6.0 / 8.0, per: Unit::Record },
        }
    }

    /// The source offset at which the next run begins, and its records.
    pub(super) fn runs(self) -> impl FnMut() -> (i64, i64) {
        let mut source = 0;
        move || {
            let begin = match self {
                Self::Ordinary | Self::Transactional => source,
                Self::Compacted => (source..).find(|source| survives(*source)).unwrap_or(source),
            };
            let (count, behind) = match self {
                Self::Ordinary => (BATCH, 0),
                Self::Transactional => (TRANSACTION, 1),
                Self::Compacted => (1, 0),
            };
            source = begin + count + behind;
            (begin, count)
        }
    }

    /// Whether the record `target` was copied from a source offset, as far as the workload knows without counting.
    pub(super) fn may_be(self, source: i64, target: i64) -> bool {
        match self {
            Self::Ordinary => source == target,
            Self::Transactional => source == target + target / TRANSACTION,
            Self::Compacted => survives(source),
        }
    }

    /// The next source offset that holds a record.
    pub(super) fn at_or_after(self, source: i64) -> i64 {
        match self {
            Self::Ordinary => source,
            Self::Transactional if source % (TRANSACTION + 1) == TRANSACTION => source + 1,
            Self::Transactional => source,
            Self::Compacted => (source..).find(|source| survives(*source)).unwrap_or(source),
        }
    }
}

/// By a hash of the offset.
fn survives(source: i64) -> bool {
    let mixed = source.cast_unsigned().wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed >> 32 < (1 << 32) / SURVIVING
}

impl DiskBar {
    /// How many the bar is for, of so many records.
    pub fn units(self, records: i64) -> i64 {
        match self.per {
            Unit::Map => 1,
            Unit::Transaction => (records / TRANSACTION).max(1),
            Unit::Record => records,
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ordinary => "ordinary",
            Self::Transactional => "transactional",
            Self::Compacted => "compacted",
        })
    }
}
