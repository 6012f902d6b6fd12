//! Resources, patterns, operations, permissions, with Kafka's numbers.

macro_rules! kinds {
    ($(#[$documentation:meta])* $name:ident { $($variant:ident = $id:literal,)* }) => {
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($variant = $id,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number in requests.
            pub fn id(self) -> i8 {
                self as i8
            }

            /// What a number in a request names; `None` for filters such as "any" and for what is not known.
            pub fn of_id(id: i8) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.id() == id)
            }
        }
    };
}

kinds! {
    /// What is protected.
    ResourceType {
        Topic = 2,
        Group = 3,
        Cluster = 4,
        TransactionalId = 5,
        DelegationToken = 6,
        User = 7,
    }
}

kinds! {
    /// How a rule names its resources.
    PatternType {
        Literal = 3,
        Prefixed = 4,
    }
}

kinds! {
    /// What is done.
    Operation {
        All = 2,
        Read = 3,
        Write = 4,
        Create = 5,
        Delete = 6,
        Alter = 7,
        Describe = 8,
        ClusterAction = 9,
        DescribeConfigs = 10,
        AlterConfigs = 11,
        IdempotentWrite = 12,
        CreateTokens = 13,
        DescribeTokens = 14,
        TwoPhaseCommit = 15,
    }
}

kinds! {
    /// Whether a rule forbids or allows.
    Permission {
        Deny = 2,
        Allow = 3,
    }
}

impl Operation {
    /// Whether a rule that allows this operation allows the other.
    pub(super) fn allows(self, other: Self) -> bool {
        match other {
            _ if self == Self::All || self == other => true,
            Self::Describe => matches!(self, Self::Read | Self::Write | Self::Delete | Self::Alter),
            Self::DescribeConfigs => self == Self::AlterConfigs,
            _ => false,
        }
    }

    /// Whether a rule that forbids this operation forbids the other.
    pub(super) fn denies(self, other: Self) -> bool {
        self == Self::All || self == other
    }
}

impl ResourceType {
    /// The operations that are told in bit fields (KIP-430).
    pub fn operations(self) -> &'static [Operation] {
        use Operation::{
            Alter, AlterConfigs, ClusterAction, Create, CreateTokens, Delete, Describe, DescribeConfigs,
            DescribeTokens, IdempotentWrite, Read, TwoPhaseCommit, Write,
        };
        match self {
            Self::Topic => &[Read, Write, Create, Delete, Alter, Describe, DescribeConfigs, AlterConfigs],
            Self::Group => &[Read, Delete, Describe, DescribeConfigs, AlterConfigs],
            Self::Cluster => {
                &[Create, Alter, Describe, ClusterAction, DescribeConfigs, AlterConfigs, IdempotentWrite]
            }
            Self::TransactionalId => &[Write, Describe, TwoPhaseCommit],
            Self::DelegationToken => &[Describe],
            Self::User => &[CreateTokens, DescribeTokens],
        }
    }
}
