//! What the state topics of both sides say of quotas and users.

use std::collections::BTreeMap;

use strait_replicator_core::state_record::{Key, Value};

use super::{Kind, PassError, PrincipalTask};
use crate::state_topic::{Isolation, StateView};

impl<K: Kind> PrincipalTask<K> {
    /// What flows made at the source, with the cluster where each was set by a person.
    pub(super) async fn copied_to_source(&mut self) -> Result<BTreeMap<K::Name, String>, PassError> {
        if self.source_state.exists().await.map_err(PassError::SourceState)? {
            let caught_up = self.source_state.catch_up(&mut self.source_view, Isolation::OutsideTransactions);
            caught_up.await.map_err(PassError::SourceState)?;
        }
        let made = made_in::<K>(&self.source_view);
        Ok(made.map(|(_, name, origin)| (name.clone(), origin.to_owned())).collect())
    }

    /// What other flows made at the target, each with the first of them by name.
    pub(super) async fn made_by_others(&mut self) -> Result<BTreeMap<K::Name, String>, PassError> {
        self.parts.state.catch_up(&mut self.target_view, Isolation::OutsideTransactions).await?;
        let mut others = BTreeMap::new();
        let made = made_in::<K>(&self.target_view);
        for (flow, name, _) in made.filter(|(flow, ..)| *flow != self.parts.rules.flow) {
            // Keys are in the order of their flows.
            others.entry(name.clone()).or_insert_with(|| flow.to_owned());
        }
        Ok(others)
    }
}

/// What flows made at a cluster: flow, name, and the cluster where it was set by a person.
fn made_in<K: Kind>(view: &StateView) -> impl Iterator<Item = (&str, &K::Name, &str)> {
    view.state.iter().filter_map(|(key, value)| match (key, value) {
        (Key::Principal { flow, principal, .. }, Value::Principal { origin_cluster_id }) => {
            Some((flow.as_str(), K::name(principal)?, origin_cluster_id.as_str()))
        }
        _ => None,
    })
}
