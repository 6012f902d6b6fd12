//! A rule about topics (KIP-11, KIP-290), with the codes of Kafka's requests.

use std::fmt;

/// Matches every topic where it stands as a literal name.
pub const EVERY_TOPIC: &str = "*";

/// Which topics a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatternType {
    Literal,
    /// All that begin so.
    Prefixed,
}

impl PatternType {
    /// Kafka's `PatternType`; `None` for those that stand in filters only, and for unknown ones.
    pub fn from_code(code: i8) -> Option<Self> {
        match code {
            3 => Some(Self::Literal),
            4 => Some(Self::Prefixed),
            _ => None,
        }
    }

    pub fn code(self) -> i8 {
        match self {
            Self::Literal => 3,
            Self::Prefixed => 4,
        }
    }

    /// As Kafka's tools write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Literal => "LITERAL",
            Self::Prefixed => "PREFIXED",
        }
    }
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    Deny,
    Allow,
}

impl Permission {
    /// Kafka's `AclPermissionType`; `None` for those that stand in filters only, and for unknown ones.
    pub fn from_code(code: i8) -> Option<Self> {
        match code {
            2 => Some(Self::Deny),
            3 => Some(Self::Allow),
            _ => None,
        }
    }

    pub fn code(self) -> i8 {
        match self {
            Self::Deny => 2,
            Self::Allow => 3,
        }
    }

    /// As Kafka's tools write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "DENY",
            Self::Allow => "ALLOW",
        }
    }
}

/// Kafka's `AclOperation` by its code; one that a newer Kafka has is passed on as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation(pub i8);

impl Operation {
    pub const ALL: Self = Self(2);
    pub const READ: Self = Self(3);
    pub const WRITE: Self = Self(4);
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            2 => "ALL",
            3 => "READ",
            4 => "WRITE",
            5 => "CREATE",
            6 => "DELETE",
            7 => "ALTER",
            8 => "DESCRIBE",
            9 => "CLUSTER_ACTION",
            10 => "DESCRIBE_CONFIGS",
            11 => "ALTER_CONFIGS",
            12 => "IDEMPOTENT_WRITE",
            code => return write!(formatter, "{code}"),
        })
    }
}

/// The topics that a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPattern {
    pub kind: PatternType,
    pub name: String,
}

impl TopicPattern {
    pub fn literal(name: impl Into<String>) -> Self {
        Self { kind: PatternType::Literal, name: name.into() }
    }

    pub fn prefixed(name: impl Into<String>) -> Self {
        Self { kind: PatternType::Prefixed, name: name.into() }
    }
}

/// One rule about topics.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicAcl {
    pub topics: TopicPattern,
    /// Such as `User:billing`.
    pub principal: String,
    pub host: String,
    pub operation: Operation,
    pub permission: Permission,
}
