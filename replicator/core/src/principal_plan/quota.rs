//! A quota of clients (KIP-546): whose it is, and of what.

use std::fmt;

use super::Whose;

/// A user or a client id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityName {
    /// All that have no quota of their own.
    Default,
    Named(String),
}

impl fmt::Display for EntityName {
    /// As Kafka's tools write it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Default => "<default>",
            Self::Named(name) => name,
        })
    }
}

/// Whose quota it is: a user's, a client id's, or that of a client id of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuotaEntity {
    pub user: Option<EntityName>,
    pub client_id: Option<EntityName>,
}

/// One limit of an entity, without its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientQuota {
    pub entity: QuotaEntity,
    /// Kafka's name, such as `producer_byte_rate`.
    pub key: String,
}

impl QuotaEntity {
    /// The entity that requests spell as types with names, where no name is the default. None for an address (`ip`), which
    /// means nothing at another cluster, and for what Kafka does not have.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> Option<Self> {
        let mut entity = Self::default();
        for (kind, name) in parts {
            let place = match kind {
                "user" => &mut entity.user,
                "client-id" => &mut entity.client_id,
                _ => return None,
            };
            *place = Some(name.map_or(EntityName::Default, |name| EntityName::Named(name.to_owned())));
        }
        (entity != Self::default()).then_some(entity)
    }

    /// Its types with names, as requests spell them.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
        let parts = [("user", &self.user), ("client-id", &self.client_id)];
        parts.into_iter().filter_map(|(kind, name)| match name.as_ref()? {
            EntityName::Default => Some((kind, None)),
            EntityName::Named(name) => Some((kind, Some(name.as_str()))),
        })
    }
}

impl fmt::Display for ClientQuota {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let QuotaEntity { user, client_id } = &self.entity;
        for (kind, name) in [("user", user), ("client-id", client_id)] {
            if let Some(name) = name {
                write!(formatter, "{kind} {name} ")?;
            }
        }
        formatter.write_str(&self.key)
    }
}

impl Whose for ClientQuota {
    type Owner = QuotaEntity;

    fn whose(&self) -> &QuotaEntity {
        &self.entity
    }
}
