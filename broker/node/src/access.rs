//! Who may do what: the one place that handlers ask. Without an authorizer everybody may do everything.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use strait_broker_core::acl::{AclBinding, AclFilter, Authorizer, Operation, ResourceType, Subject};

use crate::call::Call;
use crate::settings::Settings;

/// The only resource of its type.
const CLUSTER: &str = "kafka-cluster";
/// In bit fields of operations: nobody asked.
pub(crate) const NOT_ASKED: i32 = i32::MIN;

/// The rules in force.
#[derive(Debug)]
pub(crate) struct Access {
    /// None where `authorizer.class.name` is empty.
    authorizer: Option<RwLock<Authorizer>>,
}

impl Access {
    /// Without rules yet.
    pub(crate) fn new(settings: &Settings) -> Self {
        let is_on = !settings.text("authorizer.class.name").is_empty();
        let users = settings.text("super.users");
        let super_users: BTreeSet<String> =
            users.split(';').map(str::trim).filter(|user| !user.is_empty()).map(str::to_owned).collect();
        let authorizer = Authorizer {
            super_users,
            allow_everyone_if_no_acl_found: settings.flag("allow.everyone.if.no.acl.found"),
            ..Authorizer::default()
        };
        Self { authorizer: is_on.then(|| RwLock::new(authorizer)) }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.authorizer.is_some()
    }

    fn rules(&self) -> Option<RwLockReadGuard<'_, Authorizer>> {
        self.authorizer.as_ref().map(|rules| rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn rules_to_change(&self) -> Option<RwLockWriteGuard<'_, Authorizer>> {
        self.authorizer.as_ref().map(|rules| rules.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add(&self, bindings: impl IntoIterator<Item = AclBinding>) {
        if let Some(mut rules) = self.rules_to_change() {
            bindings.into_iter().for_each(|binding| rules.acls.add(binding));
        }
    }

    pub(crate) fn remove<'a>(&self, bindings: impl IntoIterator<Item = &'a AclBinding>) {
        if let Some(mut rules) = self.rules_to_change() {
            bindings.into_iter().for_each(|binding| rules.acls.remove(binding));
        }
    }

    /// The rules that a filter finds.
    pub(crate) fn find(&self, filter: &AclFilter) -> Vec<AclBinding> {
        self.rules().map(|rules| rules.acls.find(filter)).unwrap_or_default()
    }
}

impl Call {
    fn ask<T>(&self, everything: T, question: impl FnOnce(&Authorizer, Subject<'_>) -> T) -> T {
        let Some(rules) = self.node.access.rules() else { return everything };
        let host = self.session.peer.ip().to_canonical().to_string();
        question(&rules, Subject { principal: &self.session.principal, host: &host })
    }

    /// Whether the client may do it.
    pub(crate) fn may(&self, operation: Operation, kind: ResourceType, name: &str) -> bool {
        let is_allowed = self.ask(true, |rules, subject| rules.allows(subject, operation, kind, name));
        if !is_allowed {
            let Self { client_id, session, .. } = self;
            tracing::debug!(principal = session.principal, client_id, ?operation, ?kind, name, "denied");
        }
        is_allowed
    }

    /// Whether the client may do something to the cluster.
    pub(crate) fn may_on_cluster(&self, operation: Operation) -> bool {
        self.may(operation, ResourceType::Cluster, CLUSTER)
    }

    /// Whether there is any resource of the type to which the client may do it.
    pub(crate) fn may_on_any(&self, operation: Operation, kind: ResourceType) -> bool {
        self.ask(true, |rules, subject| rules.allows_on_any(subject, operation, kind))
    }

    /// What the client may do, as bits (KIP-430).
    pub(crate) fn operations(&self, kind: ResourceType, name: &str) -> i32 {
        let all = kind.operations().iter().fold(0, |bits, operation| bits | 1 << operation.id());
        self.ask(all, |rules, subject| rules.operations(subject, kind, name))
    }

    /// What the client may do to the cluster, as bits; nothing without `Describe`.
    pub(crate) fn cluster_operations(&self) -> i32 {
        match self.may_on_cluster(Operation::Describe) {
            true => self.operations(ResourceType::Cluster, CLUSTER),
            false => 0,
        }
    }
}
