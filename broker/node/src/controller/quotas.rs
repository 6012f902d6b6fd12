//! Quotas of clients (`ClientQuotaControlManager`).

use std::net::ToSocketAddrs;

use strait_broker_core::quota::{QuotaAlteration, QuotaFilter, QuotaOutcomes, Quotas};

use super::{ChangeError, Controller};
use crate::metadata::MetadataRecord;

impl Controller {
    /// Changes quotas, those together that can be; gives the outcome for each entity. Blocks until it is on disk.
    pub(crate) fn change_quotas(
        &self,
        alterations: &[QuotaAlteration],
        validate_only: bool,
    ) -> Result<QuotaOutcomes, ChangeError> {
        let mut state = self.state();
        let (changes, outcomes) = state.image.quotas().plan(alterations, is_host);
        if validate_only {
            return Ok(outcomes);
        }
        let records = changes.into_iter().map(|change| {
            let names = change.entity.parts().map(|(kind, name)| (kind.to_owned(), name.map(str::to_owned)));
            let (entity, key) = (names.collect(), change.kind.name().to_owned());
            MetadataRecord::ClientQuota { entity, key, value: change.limit }
        });
        state.commit(records.collect())?;
        Ok(outcomes)
    }

    /// The quotas that a filter takes.
    pub(crate) fn find_quotas(&self, filter: &QuotaFilter) -> Quotas {
        let mut found = self.state().image.quotas().clone();
        found.retain(|entity| filter.matches(entity));
        found
    }
}

/// Whether it is an address or the name of a host that has one.
fn is_host(name: &str) -> bool {
    (name, 0).to_socket_addrs().is_ok_and(|mut addresses| addresses.next().is_some())
}
