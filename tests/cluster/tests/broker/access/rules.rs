//! All rules of a broker, made, removed and read with the requests of an administrator.

use anyhow::{Result, bail};
use strait_wire::message::create_acls::{AclCreation, CreateAclsRequest};
use strait_wire::message::delete_acls::{DeleteAclsFilter, DeleteAclsRequest};
use strait_wire::message::describe_acls::DescribeAclsRequest;

use crate::wire::Wire;

const ANY: i8 = 1;

pub(super) fn create(wire: &mut Wire, rules: &[AclCreation]) -> Result<()> {
    let created = wire.ask(&CreateAclsRequest { creations: rules.to_vec() }, 3)?;
    match created.results.iter().find(|result| result.error_code != 0) {
        Some(refused) => bail!("{refused:?}"),
        None => Ok(()),
    }
}

pub(super) fn remove_all(wire: &mut Wire) -> Result<()> {
    let all = DeleteAclsFilter {
        resource_type_filter: ANY,
        pattern_type_filter: ANY,
        operation: ANY,
        permission_type: ANY,
        ..Default::default()
    };
    wire.ask(&DeleteAclsRequest { filters: vec![all] }, 3).map(drop)
}

/// As they would be made, in no order.
pub(super) fn all(wire: &mut Wire) -> Result<Vec<AclCreation>> {
    let all = DescribeAclsRequest {
        resource_type_filter: ANY,
        pattern_type_filter: ANY,
        operation: ANY,
        permission_type: ANY,
        ..Default::default()
    };
    let mut rules = Vec::new();
    for resource in wire.ask(&all, 3)?.resources {
        rules.extend(resource.acls.into_iter().map(|acl| AclCreation {
            resource_type: resource.resource_type,
            resource_name: resource.resource_name.clone(),
            resource_pattern_type: resource.pattern_type,
            principal: acl.principal,
            host: acl.host,
            operation: acl.operation,
            permission_type: acl.permission_type,
        }));
    }
    Ok(rules)
}

/// In words and in order, to be compared.
pub(super) fn shown(rules: &[AclCreation]) -> Vec<String> {
    let mut shown: Vec<String> = rules.iter().map(|rule| format!("{rule:?}")).collect();
    shown.sort();
    shown
}
