//! What the derive was told of each message, so that a test can compare it with Kafka's own definitions.

/// A range of versions; empty when `low` is above `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub low: i16,
    pub high: i16,
}

impl Range {
    pub const fn contains(self, version: i16) -> bool {
        self.low <= version && version <= self.high
    }
}

/// A message or a struct inside one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Struct {
    pub name: &'static str,
    /// API key of a request or response.
    pub key: Option<i16>,
    pub versions: Range,
    pub flexible: Range,
    pub fields: &'static [Field],
}

/// A field as the derive reads it. Names are Kafka's in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    /// The Rust type without spaces.
    pub type_name: &'static str,
    /// The struct in the type, if there is one.
    pub structure: Option<&'static Struct>,
    pub versions: Range,
    pub nullable: Range,
    pub tagged: Range,
    pub tag: Option<u32>,
    pub default: Option<&'static str>,
    pub ignorable: bool,
}
