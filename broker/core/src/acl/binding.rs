//! A rule, and what finds rules (CreateAcls, DescribeAcls, DeleteAcls).

use strait_wire::error_code::ErrorCode;

use super::kinds::{Operation, PatternType, Permission, ResourceType};

/// All names, hosts or users.
pub(super) const WILDCARD: &str = "*";

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AclBinding {
    pub resource_type: ResourceType,
    pub pattern_type: PatternType,
    pub resource_name: String,
    /// Type and name, as in `User:alice`; `User:*` is everybody.
    pub principal: String,
    /// An address, or `*`.
    pub host: String,
    pub operation: Operation,
    pub permission: Permission,
}

/// A rule that can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AclError {
    #[error("Invalid empty resource name")]
    EmptyName,
    #[error("The only valid name for the CLUSTER resource is kafka-cluster, not {name}")]
    ClusterName { name: String },
    #[error("Principal {principal} is not of the form type:name")]
    Principal { principal: String },
}

impl AclError {
    /// Kafka's code.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::INVALID_REQUEST
    }
}

/// The only cluster resource.
pub(super) const CLUSTER: &str = "kafka-cluster";

impl AclBinding {
    /// Whether the rule can be made.
    ///
    /// # Errors
    /// An empty name, a cluster of another name, a principal without type.
    pub fn check(&self) -> Result<(), AclError> {
        if self.resource_name.is_empty() {
            return Err(AclError::EmptyName);
        }
        if self.resource_type == ResourceType::Cluster && self.resource_name != CLUSTER {
            return Err(AclError::ClusterName { name: self.resource_name.clone() });
        }
        match self.principal.split_once(':') {
            Some((kind, name)) if !kind.is_empty() && !name.is_empty() => Ok(()),
            _ => Err(AclError::Principal { principal: self.principal.clone() }),
        }
    }

    /// Whether the rule is about the named resource.
    fn covers(&self, name: &str) -> bool {
        match self.pattern_type {
            PatternType::Literal => self.resource_name == name || self.resource_name == WILDCARD,
            PatternType::Prefixed => name.starts_with(&self.resource_name),
        }
    }
}

/// How a filter looks at patterns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PatternFilter {
    #[default]
    Any,
    /// Every rule about the named resource.
    Match,
    Only(PatternType),
}

/// What finds rules. `None` lets all through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AclFilter {
    pub resource_type: Option<ResourceType>,
    pub resource_name: Option<String>,
    pub pattern: PatternFilter,
    pub principal: Option<String>,
    pub host: Option<String>,
    pub operation: Option<Operation>,
    pub permission: Option<Permission>,
}

/// The number that stands for any kind, and that for patterns that match.
const ANY: i8 = 1;
const MATCH: i8 = 2;

impl AclFilter {
    /// The filter of a request. `None` when one of the numbers is not known.
    pub fn of_ids(resource_type: i8, pattern_type: i8, operation: i8, permission: i8) -> Option<Self> {
        fn kind<T>(id: i8, of_id: impl Fn(i8) -> Option<T>) -> Option<Option<T>> {
            if id == ANY { Some(None) } else { of_id(id).map(Some) }
        }
        let pattern = match pattern_type {
            ANY => PatternFilter::Any,
            MATCH => PatternFilter::Match,
            id => PatternFilter::Only(PatternType::of_id(id)?),
        };
        Some(Self {
            resource_type: kind(resource_type, ResourceType::of_id)?,
            pattern,
            operation: kind(operation, Operation::of_id)?,
            permission: kind(permission, Permission::of_id)?,
            ..Self::default()
        })
    }

    pub fn matches(&self, binding: &AclBinding) -> bool {
        fn passes<T: PartialEq>(filter: &Option<T>, value: &T) -> bool {
            filter.as_ref().is_none_or(|wanted| wanted == value)
        }
        let names = match (self.pattern, &self.resource_name) {
            (PatternFilter::Match, Some(name)) => binding.covers(name),
            (PatternFilter::Only(kind), name) => {
                kind == binding.pattern_type && passes(name, &binding.resource_name)
            }
            (PatternFilter::Any | PatternFilter::Match, name) => passes(name, &binding.resource_name),
        };
        names
            && passes(&self.resource_type, &binding.resource_type)
            && passes(&self.principal, &binding.principal)
            && passes(&self.host, &binding.host)
            && passes(&self.operation, &binding.operation)
            && passes(&self.permission, &binding.permission)
    }
}
