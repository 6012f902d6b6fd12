//! Who may do what (KIP-11, KIP-290, `StandardAuthorizer`).

// Resources, operations, and their numbers in requests.
mod kinds;
// A rule, and what finds rules.
mod binding;
// All rules.
mod store;
// The decision.
mod authorize;

pub use authorize::{Authorizer, Subject};
pub use binding::{AclBinding, AclError, AclFilter, PatternFilter};
pub use kinds::{Operation, PatternType, Permission, ResourceType};
pub use store::Acls;

#[cfg(test)]
mod tests;
