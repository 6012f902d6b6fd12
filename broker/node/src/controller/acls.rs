//! Access rules (`AclControlManager`).

use std::collections::BTreeSet;

use strait_broker_core::acl::{AclBinding, AclFilter};

use super::{ChangeError, Controller};
use crate::metadata::MetadataRecord;
use crate::random;

/// Most rules that one request may remove, as in Kafka.
const MOST: usize = 10_000;

impl Controller {
    /// Adds rules; those that are there stay. All of them or none.
    pub(crate) fn create_acls(&self, bindings: Vec<AclBinding>) -> Result<(), ChangeError> {
        let mut state = self.state();
        let present: BTreeSet<&AclBinding> = state.image.acls().values().collect();
        let mut added = BTreeSet::new();
        let mut records = Vec::new();
        for binding in bindings {
            if !present.contains(&binding) && added.insert(binding.clone()) {
                records.push(MetadataRecord::AccessControlEntry { id: random::uuid()?, binding });
            }
        }
        drop(present);
        state.commit(records)?;
        self.access.add(added);
        Ok(())
    }

    /// Removes the rules that filters find. Gives the rules of each filter.
    pub(crate) fn delete_acls(&self, filters: &[AclFilter]) -> Result<Vec<Vec<AclBinding>>, ChangeError> {
        let mut state = self.state();
        let mut ids = BTreeSet::new();
        let mut found = Vec::with_capacity(filters.len());
        for filter in filters {
            let matching: Vec<_> =
                state.image.acls().iter().filter(|(_, binding)| filter.matches(binding)).collect();
            ids.extend(matching.iter().map(|(id, _)| **id));
            found.push(matching.into_iter().map(|(_, binding)| binding.clone()).collect::<Vec<_>>());
            if ids.len() > MOST {
                let reason = format!("Cannot remove more than {MOST} acls in a single delete operation.");
                return Err(ChangeError::InvalidRequest { reason });
            }
        }
        state.commit(ids.into_iter().map(|id| MetadataRecord::RemoveAccessControlEntry { id }).collect())?;
        self.access.remove(found.iter().flatten());
        Ok(found)
    }
}
