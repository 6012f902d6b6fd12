//! Quotas and users set and removed at the target. Each is remembered before it is set and forgotten after it is removed, so
//! that what the flow made is never taken for an operator's.

use strait_replicator_core::principal_plan::{Written, batches};
use strait_replicator_core::state_record::{Key, Value};
use tracing::info;

use super::{Kind, PassError, Plan, PrincipalTask, Refused, must_own};

/// Changes in one request, and in one write to the state topic.
const CHANGES_AT_ONCE: usize = 500;

impl<K: Kind> PrincipalTask<K> {
    /// Does what the plan says; where it says nothing, nothing is sent.
    pub(super) async fn apply(&mut self, plan: &Plan<K>) -> Result<Refused<K>, PassError> {
        let mut refused = Refused::<K>::new();
        let writes: Vec<_> = plan.write.clone().into_iter().collect();
        for changes in batches(&writes, CHANGES_AT_ONCE) {
            self.write(&changes, &mut refused).await?;
        }
        let removals: Vec<_> = plan.remove.iter().map(|name| (name.clone(), ())).collect();
        for names in batches(&removals, CHANGES_AT_ONCE) {
            let names: Vec<K::Name> = names.iter().map(|(name, ())| name.clone()).collect();
            self.remove(&names, &mut refused).await?;
        }
        let forget: Vec<K::Name> = plan.forget.iter().cloned().collect();
        self.forget(&forget).await?;
        Ok(refused)
    }

    async fn write(
        &mut self,
        changes: &[&(K::Name, Written<K::Value>)],
        refused: &mut Refused<K>,
    ) -> Result<(), PassError> {
        must_own(&self.parts.lease)?;
        let is_new = |name: &K::Name| !self.made.contains_key(name);
        let new: Vec<K::Name> =
            changes.iter().filter(|(name, _)| is_new(name)).map(|(name, _)| name.clone()).collect();
        self.remember(changes).await?;
        must_own(&self.parts.lease)?;
        let values: Vec<_> =
            changes.iter().map(|(name, written)| (name.clone(), written.value.clone())).collect();
        let results = self.kind.write(&self.parts.target, &values).await.map_err(PassError::Target)?;
        for ((name, _), result) in values.iter().zip(results) {
            match result {
                Ok(()) => {
                    self.written += 1;
                    self.say_done("are set at the target", name);
                }
                Err(refusal) => {
                    refused.insert(name.clone(), refusal);
                }
            }
        }
        // What was made before and can't be changed is still the flow's.
        let not_made: Vec<K::Name> = new.into_iter().filter(|name| refused.contains_key(name)).collect();
        self.forget(&not_made).await
    }

    async fn remember(&mut self, changes: &[&(K::Name, Written<K::Value>)]) -> Result<(), PassError> {
        let is_known = |name: &K::Name, origin: &String| self.made.get(name) == Some(origin);
        let origins = changes.iter().map(|(name, written)| (name, &written.origin_cluster_id));
        let unknown: Vec<_> = origins
            .filter(|(name, origin)| !is_known(name, origin))
            .map(|(name, origin)| (name.clone(), origin.clone()))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let value = |origin: &String| Value::Principal { origin_cluster_id: origin.clone() };
        let records = unknown.iter().map(|(name, origin)| (self.key(name), value(origin)));
        self.parts.state.write(records.collect()).await?;
        self.made.extend(unknown);
        Ok(())
    }

    async fn remove(&mut self, names: &[K::Name], refused: &mut Refused<K>) -> Result<(), PassError> {
        must_own(&self.parts.lease)?;
        let results = self.kind.remove(&self.parts.target, names).await.map_err(PassError::Target)?;
        let mut removed = Vec::new();
        for (name, result) in names.iter().zip(results) {
            match result {
                Ok(()) => {
                    self.removed += 1;
                    self.say_done("are removed at the target", name);
                    removed.push(name.clone());
                }
                Err(refusal) => {
                    refused.insert(name.clone(), refusal);
                }
            }
        }
        self.forget(&removed).await
    }

    async fn forget(&mut self, names: &[K::Name]) -> Result<(), PassError> {
        if names.is_empty() {
            return Ok(());
        }
        must_own(&self.parts.lease)?;
        let keys: Vec<Key> = names.iter().map(|name| self.key(name)).collect();
        self.parts.state.remove(&keys).await?;
        names.iter().for_each(|name| drop(self.made.remove(name)));
        Ok(())
    }

    fn key(&self, name: &K::Name) -> Key {
        Key::Principal {
            flow: self.parts.rules.flow.clone(),
            source_cluster_id: self.parts.rules.source_cluster_id.clone(),
            principal: K::principal(name),
        }
    }

    fn say_done(&self, done: &str, name: &K::Name) {
        let flow = &self.parts.rules.flow;
        info!(flow, principal = %K::principal(name), "{} {done}", K::WHAT);
    }
}
