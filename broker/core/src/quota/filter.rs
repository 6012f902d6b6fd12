//! Which quotas a client asks for (`ClientQuotasImage.describe`, KIP-546).

use std::collections::BTreeMap;

use super::entity::{Entity, Part};
use super::error::QuotaFilterError;

/// What a component of a filter takes, as DescribeClientQuotas numbers it.
const EXACT: i8 = 0;
const DEFAULT: i8 = 1;
const SPECIFIED: i8 = 2;

/// A component: type of the entity, number of the kind of match, name.
pub type QuotaFilterComponent<'a> = (&'a str, i8, Option<&'a str>);

/// The entities that a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaFilter {
    /// By type; none takes every entity that has the type.
    components: BTreeMap<String, Option<Part>>,
    /// Takes no entity with further types.
    strict: bool,
}

impl QuotaFilter {
    /// # Errors
    /// Components that say nothing, or that no entity can have together.
    pub fn new<'a>(
        components: impl IntoIterator<Item = QuotaFilterComponent<'a>>,
        strict: bool,
    ) -> Result<Self, QuotaFilterError> {
        let mut filter = Self { components: BTreeMap::new(), strict };
        for (kind, match_type, name) in components {
            filter.add(kind, match_type, name)?;
        }
        let has = |kind| filter.components.contains_key(kind);
        if has("ip") && (has("user") || has("client-id")) {
            return Err(QuotaFilterError::Combination);
        }
        Ok(filter)
    }

    fn add(&mut self, kind: &str, match_type: i8, name: Option<&str>) -> Result<(), QuotaFilterError> {
        if kind.is_empty() {
            return Err(QuotaFilterError::EmptyType);
        }
        if self.components.contains_key(kind) {
            return Err(QuotaFilterError::Twice { kind: kind.to_owned() });
        }
        if !Entity::TYPES.contains(&kind) {
            return Err(QuotaFilterError::UnknownType { kind: kind.to_owned() });
        }
        let part = match (match_type, name) {
            (EXACT, Some(name)) => Some(Part::Named(name.to_owned())),
            (EXACT, None) => return Err(QuotaFilterError::NoName),
            (DEFAULT, None) => Some(Part::Default),
            (SPECIFIED, None) => None,
            (DEFAULT, Some(_)) => return Err(QuotaFilterError::Name { match_type: "MATCH_TYPE_DEFAULT" }),
            (SPECIFIED, Some(_)) => {
                return Err(QuotaFilterError::Name { match_type: "MATCH_TYPE_SPECIFIED" });
            }
            (match_type, _) => return Err(QuotaFilterError::UnknownMatch { match_type }),
        };
        self.components.insert(kind.to_owned(), part);
        Ok(())
    }

    /// Whether an entity is asked for.
    pub fn matches(&self, entity: &Entity) -> bool {
        let has = |(kind, wanted): (&String, &Option<Part>)| {
            let part = entity.part(kind);
            part.is_some() && (wanted.is_none() || part == wanted.as_ref())
        };
        self.components.iter().all(has) && !(self.strict && entity.parts().count() != self.components.len())
    }
}
