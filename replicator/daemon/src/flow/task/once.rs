//! What is done once for a flow, by who has its first part: groups, rules of access, quotas and users, heartbeats.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use strait_replicator_core::acl_plan::AclRules;
use strait_replicator_core::principal_plan::PrincipalRules;
use strait_replicator_core::selection::FlowSelection;
use strait_replicator_core::shares::Part;
use tokio::sync::mpsc;

use super::error::StartError;
use crate::configuration::Flow;
use crate::flow::acls::{AclParts, AclTask, MadeAcls};
use crate::flow::groups::{GroupParts, GroupQuestion, GroupTask};
use crate::flow::heartbeats;
use crate::flow::owner::Ownership;
use crate::flow::principals::{self, MadePrincipals, PrincipalParts};
use crate::flow::provenance::Ends;
use crate::flow::take_over::TakeOver;
use crate::flow::translation::Translator;
use crate::state_topic::StateTopic;
use crate::status::DaemonStatus;

/// What all of it needs.
pub(super) struct Once<'a> {
    pub(super) flow: &'a Flow,
    pub(super) ends: &'a Ends,
    pub(super) state: &'a StateTopic,
    pub(super) ownership: &'a Ownership,
    pub(super) selection: &'a FlowSelection,
    pub(super) status: &'a DaemonStatus,
}

/// What only groups need.
pub(super) struct GroupsHere {
    pub(super) part: Part,
    pub(super) translator: Translator,
    pub(super) questions: mpsc::Receiver<GroupQuestion>,
    pub(super) take_over: Option<Rc<TakeOver>>,
}

impl Once<'_> {
    /// All of it side by side, going on from the rules, quotas and users that the flow made before.
    pub(super) fn tasks(
        &self,
        groups: GroupsHere,
        acls: MadeAcls,
        principals: MadePrincipals,
    ) -> Result<LocalBoxFuture<'static, ()>, StartError> {
        let groups = self.groups(groups)?;
        let acls = self.acls(acls);
        let principals = principals::run(self.principals(principals));
        let Ends { source, target, .. } = self.ends.clone();
        let heartbeats = heartbeats::run(self.flow.clone(), source, target, self.ownership.lease());
        Ok(Box::pin(async move {
            tokio::join!(groups.run(), acls.run(), principals, heartbeats);
        }))
    }

    fn groups(&self, groups: GroupsHere) -> Result<GroupTask, StartError> {
        let Ends { source, target, .. } = self.ends.clone();
        let GroupsHere { part, translator, questions, take_over } = groups;
        Ok(GroupTask::new(GroupParts {
            flow: self.flow.clone(),
            part,
            source,
            target,
            translator,
            lease: self.ownership.lease(),
            questions,
            take_over,
            status: self.status.clone(),
        })?)
    }

    fn acls(&self, made: MadeAcls) -> AclTask {
        let Ends { source, source_cluster_id, target, target_cluster_id } = self.ends.clone();
        AclTask::new(AclParts {
            flow: self.flow.clone(),
            rules: AclRules {
                selection: self.selection.clone(),
                source_alias: self.flow.source.clone(),
                source_cluster_id,
                target_cluster_id,
            },
            source,
            target,
            state: self.state.clone(),
            made,
            lease: self.ownership.lease(),
            status: self.status.clone(),
        })
    }

    fn principals(&self, made: MadePrincipals) -> PrincipalParts {
        let Ends { source, source_cluster_id, target, target_cluster_id } = self.ends.clone();
        PrincipalParts {
            flow: self.flow.clone(),
            rules: PrincipalRules { flow: self.flow.id(), source_cluster_id, target_cluster_id },
            source,
            target,
            state: self.state.clone(),
            made,
            lease: self.ownership.lease(),
            status: self.status.clone(),
        }
    }
}
