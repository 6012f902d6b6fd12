//! All quotas, and the one that applies to a client.

use std::collections::BTreeMap;

use super::entity::{Entity, Part, QuotaKind};

/// The quota that applies to a client.
#[derive(Clone, Debug, PartialEq)]
pub struct AppliedQuota {
    pub limit: f64,
    /// Who shares the rate: all that a request with this key is measured with.
    pub shared_by: Entity,
}

/// The quotas that were set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quotas(BTreeMap<Entity, BTreeMap<QuotaKind, f64>>);

impl Quotas {
    /// Sets or removes a quota. False when the entity can't have it, or the value is no positive number.
    pub fn set(&mut self, entity: Entity, kind: QuotaKind, limit: Option<f64>) -> bool {
        if !kind.fits(&entity) || limit.is_some_and(|limit| limit.is_nan() || limit <= 0.0) {
            return false;
        }
        let limits = self.0.entry(entity.clone()).or_default();
        match limit {
            Some(limit) => limits.insert(kind, limit),
            None => limits.remove(&kind),
        };
        if limits.is_empty() {
            self.0.remove(&entity);
        }
        true
    }

    /// All quotas, for DescribeClientQuotas.
    pub fn iter(&self) -> impl Iterator<Item = (&Entity, &BTreeMap<QuotaKind, f64>)> {
        self.0.iter()
    }

    /// Keeps the quotas of some entities.
    pub fn retain(&mut self, mut is_kept: impl FnMut(&Entity) -> bool) {
        self.0.retain(|entity, _| is_kept(entity));
    }

    /// The quota of a client. What names both user and client id goes before what names the user, then the client id;
    /// a name goes before a default (`ClientQuotaManager`).
    pub fn of_client(&self, user: &str, client_id: &str, kind: QuotaKind) -> Option<AppliedQuota> {
        let named = |name: &str| Some(Part::Named(name.to_owned()));
        let default = || Some(Part::Default);
        let (user_part, client_part) = (named(user), named(client_id));
        let order = [
            (user_part.clone(), client_part.clone()),
            (user_part.clone(), default()),
            (user_part.clone(), None),
            (default(), client_part.clone()),
            (default(), default()),
            (default(), None),
            (None, client_part.clone()),
            (None, default()),
        ];
        // Who gives no client id has the quotas of the user only.
        let mut order =
            order.into_iter().filter(|(_, client_part)| client_part.is_none() || !client_id.is_empty());
        order.find_map(|(user, client_id)| {
            let shared_by = Entity {
                user: user.as_ref().and(user_part.clone()),
                client_id: client_id.as_ref().and(client_part.clone()),
                ip: None,
            };
            let limit = self.own(&Entity { user, client_id, ip: None }, kind)?;
            Some(AppliedQuota { limit, shared_by })
        })
    }

    pub(super) fn own(&self, entity: &Entity, kind: QuotaKind) -> Option<f64> {
        self.0.get(entity)?.get(&kind).copied()
    }
}
