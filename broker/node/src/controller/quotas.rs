//! Quotas of clients (`ClientQuotaControlManager`).

use std::collections::BTreeSet;

use strait_broker_core::quota::{QuotaAlteration, QuotaFilter, QuotaOutcomes, Quotas};

use super::{ChangeError, Controller};
use crate::metadata::MetadataRecord;
use crate::quotas::addresses;

impl Controller {
    /// Changes quotas, those together that can be; gives the outcome for each entity. Blocks until it is on disk.
    pub(crate) fn change_quotas(
        &self,
        alterations: &[QuotaAlteration],
        validate_only: bool,
    ) -> Result<QuotaOutcomes, ChangeError> {
        // A name server may be slow, so it is asked before others have to wait.
        let hosts = hosts(alterations);
        let mut state = self.state();
        let (changes, outcomes) = state.image.quotas().plan(alterations, |name| hosts.contains(name));
        if validate_only {
            return Ok(outcomes);
        }
        let records = changes.into_iter().map(|change| {
            let names = change.entity.parts().map(|(kind, name)| (kind.to_owned(), name.map(str::to_owned)));
            let (entity, key) = (names.collect(), change.kind.name().to_owned());
            MetadataRecord::ClientQuota { entity, key, value: change.limit }
        });
        state.commit(records.collect())?;
        self.quotas.set(state.image.quotas());
        Ok(outcomes)
    }

    /// The quotas that a filter takes.
    pub(crate) fn find_quotas(&self, filter: &QuotaFilter) -> Quotas {
        let mut found = self.state().image.quotas().clone();
        found.retain(|entity| filter.matches(entity));
        found
    }
}

/// Those names in alterations that are addresses or stand for some.
fn hosts(alterations: &[QuotaAlteration]) -> BTreeSet<&str> {
    let names = alterations.iter().filter_map(|alteration| alteration.entity.get("ip")?.as_deref());
    names.filter(|name| !addresses(name).is_empty()).collect()
}
