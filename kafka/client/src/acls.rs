//! Who may do what.

use strait_wire::codec::Request;
use strait_wire::message::describe_acls::{
    AclDescription, DescribeAclsRequest, DescribeAclsResource, DescribeAclsResponse,
};

use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::ClientError;

/// Matches everything, for types, patterns, operations and permissions alike.
const ANY: i8 = 1;

/// One rule, in the codes of Kafka's protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// 2: topic, 3: group, 4: cluster, 5: transactional id, 6: delegation token, 7: user.
    pub resource_type: i8,
    pub resource_name: String,
    /// 3: literal, 4: prefixed.
    pub pattern_type: i8,
    /// Such as `User:strait`.
    pub principal: String,
    pub host: String,
    /// 2: all, 3: read, 4: write, 5: create, 6: delete, 7: alter, 8: describe, 9: cluster action, 10: describe
    /// configs, 11: alter configs, 12: idempotent write.
    pub operation: i8,
    /// 2: deny, 3: allow.
    pub permission: i8,
}

impl Cluster {
    /// Every rule; a cluster without an authorizer answers SECURITY_DISABLED.
    pub async fn describe_acls(&self) -> Result<Vec<Acl>, ClientError> {
        let request = DescribeAclsRequest {
            resource_type_filter: ANY,
            resource_name_filter: None,
            pattern_type_filter: ANY,
            principal_filter: None,
            host_filter: None,
            operation: ANY,
            permission_type: ANY,
        };
        let response = self.ask_any(&request).await?;
        let refused = |error| ClientError::Broker { api: DescribeAclsRequest::KEY, error };
        result(response.error_code, response.error_message.clone()).map_err(refused)?;
        Ok(read_acls(&response))
    }
}

fn read_acls(response: &DescribeAclsResponse) -> Vec<Acl> {
    let resources = response.resources.iter();
    resources.flat_map(|resource| resource.acls.iter().map(|acl| read_acl(resource, acl))).collect()
}

fn read_acl(resource: &DescribeAclsResource, acl: &AclDescription) -> Acl {
    Acl {
        resource_type: resource.resource_type,
        resource_name: resource.resource_name.clone(),
        pattern_type: resource.pattern_type,
        principal: acl.principal.clone(),
        host: acl.host.clone(),
        operation: acl.operation,
        permission: acl.permission_type,
    }
}
