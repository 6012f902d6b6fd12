//! Offsets of the two sides of a flow, as types that do not mix.

use std::fmt;

/// An offset in a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub i64);

/// Something of the source's side of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Upstream<T>(pub T);

/// Something of the target's side of a flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Downstream<T>(pub T);

impl Upstream<Offset> {
    /// The source offset `offset`.
    pub const fn offset(offset: i64) -> Self {
        Self(Offset(offset))
    }

    /// The bare number, for the wire.
    pub const fn value(self) -> i64 {
        self.0.0
    }
}

impl Downstream<Offset> {
    /// The target offset `offset`.
    pub const fn offset(offset: i64) -> Self {
        Self(Offset(offset))
    }

    /// The bare number, for the wire.
    pub const fn value(self) -> i64 {
        self.0.0
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<T: fmt::Display> fmt::Display for Upstream<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<T: fmt::Display> fmt::Display for Downstream<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
