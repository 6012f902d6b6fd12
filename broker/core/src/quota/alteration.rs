//! Changes of quotas, checked in Kafka's order (`ClientQuotaControlManager`).

use std::collections::{BTreeMap, BTreeSet};

use super::entity::{Entity, QuotaKind};
use super::error::QuotaAlterationError;
use super::store::Quotas;

/// An entity as a client spells it: names by types, no name is the default.
pub type EntityNames = BTreeMap<String, Option<String>>;

/// What a client wants to have changed of an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaAlteration {
    pub entity: EntityNames,
    /// Keys with new limits; without one the quota is removed.
    pub limits: Vec<(String, Option<f64>)>,
}

/// A quota that becomes another one, or goes.
#[derive(Clone, Debug, PartialEq)]
pub struct QuotaChange {
    pub entity: Entity,
    pub kind: QuotaKind,
    pub limit: Option<f64>,
}

/// What becomes of each entity.
pub type QuotaOutcomes = BTreeMap<EntityNames, Result<(), QuotaAlterationError>>;

impl Quotas {
    /// What changes are to be made, and what each entity's client is told. `is_host` says whether a name is an address
    /// or stands for one.
    pub fn plan(
        &self,
        alterations: &[QuotaAlteration],
        is_host: impl Fn(&str) -> bool,
    ) -> (Vec<QuotaChange>, QuotaOutcomes) {
        let (mut changes, mut outcomes) = (Vec::new(), QuotaOutcomes::new());
        for QuotaAlteration { entity, limits } in alterations {
            let mut keys = BTreeSet::new();
            // Kafka says the same of a key that comes twice.
            let is_once = limits.iter().all(|(key, _)| keys.insert(key)) && !outcomes.contains_key(entity);
            let outcome = match is_once {
                true => self.changes(entity, limits, &is_host).map(|added| changes.extend(added)),
                false => Err(QuotaAlterationError::Twice { entity: shown(entity) }),
            };
            outcomes.insert(entity.clone(), outcome);
        }
        (changes, outcomes)
    }

    fn changes(
        &self,
        names: &EntityNames,
        limits: &[(String, Option<f64>)],
        is_host: impl Fn(&str) -> bool,
    ) -> Result<Vec<QuotaChange>, QuotaAlterationError> {
        let entity = checked_entity(names, is_host)?;
        let mut changes = Vec::new();
        for (key, limit) in limits {
            let kind = QuotaKind::of_name(key).filter(|kind| kind.fits(&entity));
            let kind = match (kind, limit) {
                (Some(kind), Some(limit)) => check_limit(kind, *limit).map(|()| kind)?,
                (Some(kind), None) => kind,
                // What was never set may be removed.
                (None, None) => continue,
                (None, Some(_)) => return Err(QuotaAlterationError::UnknownKey { key: key.clone() }),
            };
            if self.own(&entity, kind) != *limit {
                changes.push(QuotaChange { entity: entity.clone(), kind, limit: *limit });
            }
        }
        Ok(changes)
    }
}

/// As Java prints it.
fn shown(entity: &EntityNames) -> String {
    let parts = entity.iter().map(|(kind, name)| format!("{kind}={}", name.as_deref().unwrap_or("null")));
    format!("ClientQuotaEntity(entries={{{}}})", parts.collect::<Vec<_>>().join(", "))
}

fn checked_entity(
    names: &EntityNames,
    is_host: impl Fn(&str) -> bool,
) -> Result<Entity, QuotaAlterationError> {
    if names.is_empty() {
        return Err(QuotaAlterationError::EmptyEntity);
    }
    for (kind, name) in names {
        if !Entity::TYPES.contains(&kind.as_str()) {
            return Err(QuotaAlterationError::UnknownType { kind: kind.clone() });
        }
        if name.as_deref() == Some("") {
            return Err(QuotaAlterationError::EmptyName { kind: kind.clone() });
        }
    }
    let ip = names.get("ip");
    if ip.is_some() && names.len() > 1 {
        return Err(QuotaAlterationError::Combination);
    }
    if let Some(Some(name)) = ip.filter(|name| !name.as_deref().is_none_or(is_host)) {
        return Err(QuotaAlterationError::NoAddress { name: name.clone() });
    }
    let parts = names.iter().map(|(kind, name)| (kind.as_str(), name.as_deref()));
    Entity::of_parts(parts).ok_or(QuotaAlterationError::Combination)
}

fn check_limit(kind: QuotaKind, limit: f64) -> Result<(), QuotaAlterationError> {
    let key = kind.name();
    if limit <= 0.0 || limit.is_nan() {
        return Err(QuotaAlterationError::NotPositive { key });
    }
    let (largest, size) = match kind {
        QuotaKind::ProducerByteRate | QuotaKind::ConsumerByteRate => (i64::MAX as f64, "a LONG"),
        QuotaKind::ConnectionCreationRate => (f64::from(i32::MAX), "an INT"),
        QuotaKind::RequestPercentage | QuotaKind::ControllerMutationRate => return Ok(()),
    };
    if limit > largest {
        return Err(QuotaAlterationError::TooLarge { key, size });
    }
    if (limit % 1.0).abs() > 1e-6 {
        return Err(QuotaAlterationError::Fraction { key });
    }
    Ok(())
}
