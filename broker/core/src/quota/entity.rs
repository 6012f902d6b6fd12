//! Whose quota it is: a user, a client id, an address, or the default of one.

/// One part of an entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// All that have no quota of their own.
    Default,
    Named(String),
}

/// Whose quota it is. Users and client ids combine; an address stands alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entity {
    pub user: Option<Part>,
    pub client_id: Option<Part>,
    pub ip: Option<Part>,
}

impl Entity {
    /// The types of what an entity is made of.
    pub const TYPES: [&str; 3] = ["user", "client-id", "ip"];

    /// The entity that requests and records spell as types with names; no name is the default. None for a type that is
    /// not known or comes twice.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Option<Self> {
        let mut entity = Self::default();
        for (kind, name) in parts {
            let part = name.map_or(Part::Default, |name| Part::Named(name.to_owned()));
            let place = match kind {
                "user" => &mut entity.user,
                "client-id" => &mut entity.client_id,
                "ip" => &mut entity.ip,
                _ => return None,
            };
            if place.replace(part).is_some() {
                return None;
            }
        }
        Some(entity)
    }

    /// Its types with names, as requests and records spell them.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        let parts = [("user", &self.user), ("client-id", &self.client_id), ("ip", &self.ip)];
        parts.into_iter().filter_map(|(kind, part)| {
            let name = match part.as_ref()? {
                Part::Default => None,
                Part::Named(name) => Some(name.as_str()),
            };
            Some((kind, name))
        })
    }

    /// Its part of a type.
    pub fn part(&self, kind: &str) -> Option<&Part> {
        match kind {
            "user" => self.user.as_ref(),
            "client-id" => self.client_id.as_ref(),
            "ip" => self.ip.as_ref(),
            _ => None,
        }
    }

    /// Whether Kafka knows such an entity.
    pub fn is_valid(&self) -> bool {
        let is_client = self.user.is_some() || self.client_id.is_some();
        is_client != self.ip.is_some()
    }
}

/// What is limited, in the order in which Kafka tells quotas that were set together (its tools show it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuotaKind {
    /// Share of the time of a network or request thread, in percent.
    RequestPercentage,
    /// Bytes a second.
    ProducerByteRate,
    /// Bytes a second.
    ConsumerByteRate,
    /// Partitions created or deleted a second.
    ControllerMutationRate,
    /// Connections a second from an address.
    ConnectionCreationRate,
}

impl QuotaKind {
    pub const ALL: [Self; 5] = [
        Self::RequestPercentage,
        Self::ProducerByteRate,
        Self::ConsumerByteRate,
        Self::ControllerMutationRate,
        Self::ConnectionCreationRate,
    ];

    /// Kafka's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ProducerByteRate => "producer_byte_rate",
            Self::ConsumerByteRate => "consumer_byte_rate",
            Self::RequestPercentage => "request_percentage",
            Self::ControllerMutationRate => "controller_mutation_rate",
            Self::ConnectionCreationRate => "connection_creation_rate",
        }
    }

    /// The kind of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the entity can have this quota.
    pub fn fits(self, entity: &Entity) -> bool {
        entity.is_valid() && entity.ip.is_some() == (self == Self::ConnectionCreationRate)
    }
}
