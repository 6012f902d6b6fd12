//! The decision: super users, then what forbids, then what allows, then what is said of resources without rules.

use std::collections::BTreeSet;

use super::binding::{AclBinding, CLUSTER, WILDCARD};
use super::kinds::{Operation, PatternType, Permission, ResourceType};
use super::store::Acls;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Type and name, as in `User:alice`.
    pub principal: &'a str,
    /// The address without a port.
    pub host: &'a str,
}

/// Decides who may do what.
#[derive(Clone, Debug, Default)]
pub struct Authorizer {
    pub acls: Acls,
    /// `super.users`.
    pub super_users: BTreeSet<String>,
    /// `allow.everyone.if.no.acl.found`.
    pub allow_everyone_if_no_acl_found: bool,
}

impl Authorizer {
    /// Whether the subject may do it.
    pub fn allows(&self, subject: Subject<'_>, operation: Operation, kind: ResourceType, name: &str) -> bool {
        if self.super_users.contains(subject.principal) {
            return true;
        }
        let (mut has_rules, mut is_allowed) = (false, false);
        for binding in self.acls.about(kind, name) {
            has_rules = true;
            if !concerns(binding, subject) {
                continue;
            }
            match binding.permission {
                Permission::Deny if binding.operation.denies(operation) => return false,
                Permission::Allow if binding.operation.allows(operation) => is_allowed = true,
                Permission::Deny | Permission::Allow => {}
            }
        }
        is_allowed || (!has_rules && self.allow_everyone_if_no_acl_found)
    }

    /// Whether the subject may do something to the cluster.
    pub fn allows_on_cluster(&self, subject: Subject<'_>, operation: Operation) -> bool {
        self.allows(subject, operation, ResourceType::Cluster, CLUSTER)
    }

    /// Whether the subject may do it to any resource of the type: an idempotent producer needs a topic to write to
    /// (KIP-679).
    pub fn allows_on_any(&self, subject: Subject<'_>, operation: Operation, kind: ResourceType) -> bool {
        if self.super_users.contains(subject.principal) {
            return true;
        }
        let concerned =
            || self.acls.iter().filter(|binding| binding.resource_type == kind && concerns(binding, subject));
        let denials: Vec<&AclBinding> = concerned()
            .filter(|binding| binding.permission == Permission::Deny && binding.operation.denies(operation))
            .collect();
        let denies_all = |binding: &&AclBinding| {
            binding.pattern_type == PatternType::Literal && binding.resource_name == WILDCARD
        };
        if denials.iter().any(denies_all) {
            return false;
        }
        let mut allowed = concerned()
            .filter(|binding| binding.permission == Permission::Allow && binding.operation.allows(operation));
        self.allow_everyone_if_no_acl_found
            || allowed.any(|binding| !denials.iter().any(|denial| swallows(denial, binding)))
    }

    /// The operations that the subject may do, as bits (KIP-430).
    pub fn operations(&self, subject: Subject<'_>, kind: ResourceType, name: &str) -> i32 {
        let allowed =
            kind.operations().iter().filter(|operation| self.allows(subject, **operation, kind, name));
        allowed.fold(0, |bits, operation| bits | 1 << operation.id())
    }
}

fn concerns(binding: &AclBinding, subject: Subject<'_>) -> bool {
    (binding.principal == subject.principal || binding.principal == "User:*")
        && (binding.host == subject.host || binding.host == WILDCARD)
}

/// Whether nothing is left of what `allowed` allows.
fn swallows(denial: &AclBinding, allowed: &AclBinding) -> bool {
    if allowed.resource_name == WILDCARD && allowed.pattern_type == PatternType::Literal {
        return false;
    }
    match denial.pattern_type {
        PatternType::Literal => {
            allowed.pattern_type == PatternType::Literal && denial.resource_name == allowed.resource_name
        }
        PatternType::Prefixed => allowed.resource_name.starts_with(&denial.resource_name),
    }
}
