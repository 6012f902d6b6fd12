//! Rules made and removed at the target. A rule is remembered before it is made and forgotten after it is removed, so
//! that one which the flow made is never taken for an operator's.

use strait_replicator_core::acl_plan::{AclOrigin, AclPlan, TopicAcl};
use strait_replicator_core::state_record::{Key, Value};
use tracing::info;

use super::reading::as_request;
use super::{AclTask, PassError, Refused};

/// Rules in one request, and in one write to the state topic.
const RULES_AT_ONCE: usize = 500;

impl AclTask {
    /// Does what the plan says; where it says nothing, nothing is sent.
    pub(super) async fn apply(&mut self, plan: &AclPlan) -> Result<Refused, PassError> {
        let mut refused = Refused::new();
        let create: Vec<_> = plan.create.iter().map(|(acl, origin)| (acl.clone(), origin.clone())).collect();
        for rules in create.chunks(RULES_AT_ONCE) {
            self.create(rules, &mut refused).await?;
        }
        let remove: Vec<TopicAcl> = plan.remove.iter().cloned().collect();
        for rules in remove.chunks(RULES_AT_ONCE) {
            self.remove(rules, &mut refused).await?;
        }
        let forget: Vec<TopicAcl> = plan.forget.iter().cloned().collect();
        self.forget(&forget).await?;
        Ok(refused)
    }

    async fn create(
        &mut self,
        rules: &[(TopicAcl, AclOrigin)],
        refused: &mut Refused,
    ) -> Result<(), PassError> {
        self.must_own()?;
        let records = rules.iter().map(|(acl, origin)| (self.key(acl), Value::Acl(origin.clone())));
        self.parts.state.write(records.collect()).await?;
        self.parts.made.extend(rules.iter().cloned());
        self.must_own()?;
        let wanted: Vec<_> = rules.iter().map(|(acl, _)| as_request(acl)).collect();
        let results = self.parts.target.create_acls(&wanted).await.map_err(PassError::Target)?;
        let mut not_made = Vec::new();
        for ((acl, _), result) in rules.iter().zip(results) {
            match result {
                Ok(()) => {
                    self.created += 1;
                    self.say_done("rule of access is made at the target", acl);
                }
                Err(error) => {
                    refused.insert(acl.clone(), error);
                    not_made.push(acl.clone());
                }
            }
        }
        self.forget(&not_made).await
    }

    async fn remove(&mut self, rules: &[TopicAcl], refused: &mut Refused) -> Result<(), PassError> {
        self.must_own()?;
        let gone: Vec<_> = rules.iter().map(as_request).collect();
        let results = self.parts.target.delete_acls(&gone).await.map_err(PassError::Target)?;
        let mut removed = Vec::new();
        for (acl, result) in rules.iter().zip(results) {
            match result {
                Ok(()) => {
                    self.removed += 1;
                    self.say_done("rule of access is removed at the target", acl);
                    removed.push(acl.clone());
                }
                Err(error) => {
                    refused.insert(acl.clone(), error);
                }
            }
        }
        self.forget(&removed).await
    }

    async fn forget(&mut self, rules: &[TopicAcl]) -> Result<(), PassError> {
        if rules.is_empty() {
            return Ok(());
        }
        self.must_own()?;
        let keys: Vec<Key> = rules.iter().map(|acl| self.key(acl)).collect();
        self.parts.state.remove(&keys).await?;
        rules.iter().for_each(|acl| drop(self.parts.made.remove(acl)));
        Ok(())
    }

    fn key(&self, acl: &TopicAcl) -> Key {
        Key::Acl {
            flow: self.parts.flow.id(),
            source_cluster_id: self.parts.rules.source_cluster_id.clone(),
            acl: acl.clone(),
        }
    }

    fn say_done(&self, what: &str, acl: &TopicAcl) {
        info!(
            flow = %self.parts.flow.id(),
            topic = acl.topics.name,
            pattern = acl.topics.kind.name(),
            principal = acl.principal,
            host = acl.host,
            operation = %acl.operation,
            permission = acl.permission.name(),
            "{what}"
        );
    }
}
