//! The quotas in force and what was used of them. Where none is set nothing is measured and nobody waits here.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use strait_broker_core::quota::{Part, QuotaKind, QuotaUsage, Quotas};

use super::address::addresses;

/// Quotas of addresses, with names already resolved.
#[derive(Debug, Default)]
struct AddressQuotas {
    by_address: BTreeMap<IpAddr, f64>,
    default: Option<f64>,
}

/// Quotas of all clients, shared by all connections.
#[derive(Debug, Default)]
pub(crate) struct ClientQuotas {
    /// A bit for each kind of which there is a quota.
    kinds: AtomicU8,
    usage: Mutex<QuotaUsage>,
    addresses: RwLock<AddressQuotas>,
}

fn bit(kind: QuotaKind) -> u8 {
    1 << kind as u8
}

impl ClientQuotas {
    /// Puts quotas in force. Asks for the addresses of names, so it may take a while.
    pub(crate) fn set(&self, quotas: &Quotas) {
        let kinds = quotas.iter().flat_map(|(_, limits)| limits.keys());
        self.kinds.store(kinds.fold(0, |bits, kind| bits | bit(*kind)), Ordering::Relaxed);
        *self.addresses.write().unwrap_or_else(PoisonError::into_inner) = address_quotas(quotas);
        self.usage().set_quotas(quotas.clone());
    }

    /// Whether there is any quota of the kind.
    pub(crate) fn has(&self, kind: QuotaKind) -> bool {
        self.kinds.load(Ordering::Relaxed) & bit(kind) != 0
    }

    pub(crate) fn usage(&self) -> MutexGuard<'_, QuotaUsage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connections a second that an address may make.
    pub(crate) fn connections(&self, address: IpAddr) -> Option<f64> {
        if !self.has(QuotaKind::ConnectionCreationRate) {
            return None;
        }
        let quotas = self.addresses.read().unwrap_or_else(PoisonError::into_inner);
        quotas.by_address.get(&address).copied().or(quotas.default)
    }
}

fn address_quotas(quotas: &Quotas) -> AddressQuotas {
    let mut found = AddressQuotas::default();
    for (entity, limits) in quotas.iter() {
        let Some(limit) = limits.get(&QuotaKind::ConnectionCreationRate) else { continue };
        match &entity.ip {
            Some(Part::Named(name)) => {
                let resolved = addresses(name);
                if resolved.is_empty() {
                    tracing::warn!(name, limit, "the connection quota of this host has no address");
                }
                found.by_address.extend(resolved.into_iter().map(|address| (address, *limit)));
            }
            Some(Part::Default) => found.default = Some(*limit),
            None => {}
        }
    }
    found
}
