//! A flow split into shares, so that several workers run it: which partition is in which share, and which worker runs
//! which shares.

mod assignment;
mod member;

use std::fmt;
use std::str::FromStr;

pub use assignment::assign;
pub use member::{Member, decode_parts, encode_parts};

/// Into how many shares a flow may be split.
pub const MOST_SHARES: u16 = 1_000;

/// What one instance runs: all of a flow, or one of its shares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Part {
    pub flow: String,
    /// Nothing where the flow is not split.
    pub share: Option<Share>,
}

/// One of the shares of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share {
    /// From 0.
    pub index: u16,
    /// How many there are, at least 1.
    pub of: u16,
}

/// The text names no part of a flow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no share of a flow: FLOW#INDEX/COUNT")]
pub struct PartError {
    text: String,
}

impl Part {
    /// All of a flow that is not split.
    pub fn whole(flow: &str) -> Self {
        Self { flow: flow.to_owned(), share: None }
    }

    /// All shares of a flow that is split into `count`.
    pub fn shares(flow: &str, count: u16) -> impl Iterator<Item = Self> {
        (0..count).map(move |index| Self { flow: flow.to_owned(), share: Some(Share { index, of: count }) })
    }

    /// Whether a partition of a source topic belongs to it.
    pub fn has(&self, topic: &str, partition: i32) -> bool {
        self.share.is_none_or(|share| share.has(topic, partition))
    }

    /// Whether it does what is to be done once for a flow.
    pub fn is_first(&self) -> bool {
        self.share.is_none_or(|share| share.index == 0)
    }

    /// Both must not be run at the same time: they split one flow in different ways.
    pub fn excludes(&self, other: &Self) -> bool {
        let count = |part: &Self| part.share.map(|share| share.of);
        self.flow == other.flow && count(self) != count(other)
    }
}

impl Share {
    /// Neighbours among a topic's partitions are in different shares; topics begin at different ones.
    fn has(self, topic: &str, partition: i32) -> bool {
        let first = topic.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193) // FNV-1a
        });
        let place = u64::from(first) + u64::from(partition.unsigned_abs());
        place % u64::from(self.of.max(1)) == u64::from(self.index)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.share {
            None => formatter.write_str(&self.flow),
            Some(Share { index, of }) => write!(formatter, "{}#{index}/{of}", self.flow),
        }
    }
}

impl FromStr for Part {
    type Err = PartError;

    fn from_str(text: &str) -> Result<Self, PartError> {
        let wrong = || PartError { text: text.to_owned() };
        let Some((flow, share)) = text.split_once('#') else { return Ok(Self::whole(text)) };
        let (index, of) = share.split_once('/').ok_or_else(wrong)?;
        let (index, of) = (index.parse().map_err(|_| wrong())?, of.parse().map_err(|_| wrong())?);
        let part = Self { flow: flow.to_owned(), share: Some(Share { index, of }) };
        if index < of && part.to_string() == text { Ok(part) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests;
