//! Who may do what.

use strait_wire::codec::Request;
use strait_wire::message::create_acls::{AclCreation, CreateAclsRequest};
use strait_wire::message::delete_acls::{DeleteAclsFilter, DeleteAclsFilterResult, DeleteAclsRequest};
use strait_wire::message::describe_acls::{
    AclDescription, DescribeAclsRequest, DescribeAclsResource, DescribeAclsResponse,
};

use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError};

/// Matches everything, for types, patterns, operations and permissions alike.
const ANY: i8 = 1;
const TOPIC: i8 = 2;

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

/// The result for each rule of a request, in its order.
pub type AclResults = Vec<Result<(), BrokerError>>;

impl Cluster {
    /// Every rule; a cluster without an authorizer answers SECURITY_DISABLED.
    pub async fn describe_acls(&self) -> Result<Vec<Acl>, ClientError> {
        self.describe_acls_of(ANY).await
    }

    /// Every rule about topics.
    pub async fn describe_topic_acls(&self) -> Result<Vec<Acl>, ClientError> {
        self.describe_acls_of(TOPIC).await
    }

    async fn describe_acls_of(&self, resource_type_filter: i8) -> Result<Vec<Acl>, ClientError> {
        let request = DescribeAclsRequest {
            resource_type_filter,
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

    /// Makes rules; one that is there already is made without a word.
    pub async fn create_acls(&self, acls: &[Acl]) -> Result<AclResults, ClientError> {
        let request = CreateAclsRequest { creations: acls.iter().map(creation).collect() };
        let results = self.ask_any(&request).await?.results.into_iter();
        Ok(results.map(|created| result(created.error_code, created.error_message)).collect())
    }

    /// Removes these very rules; one that is not there is no error.
    pub async fn delete_acls(&self, acls: &[Acl]) -> Result<AclResults, ClientError> {
        let request = DeleteAclsRequest { filters: acls.iter().map(exactly).collect() };
        Ok(self.ask_any(&request).await?.filter_results.into_iter().map(deletion).collect())
    }
}

fn creation(acl: &Acl) -> AclCreation {
    AclCreation {
        resource_type: acl.resource_type,
        resource_name: acl.resource_name.clone(),
        resource_pattern_type: acl.pattern_type,
        principal: acl.principal.clone(),
        host: acl.host.clone(),
        operation: acl.operation,
        permission_type: acl.permission,
    }
}

/// A filter that finds one rule.
fn exactly(acl: &Acl) -> DeleteAclsFilter {
    DeleteAclsFilter {
        resource_type_filter: acl.resource_type,
        resource_name_filter: Some(acl.resource_name.clone()),
        pattern_type_filter: acl.pattern_type,
        principal_filter: Some(acl.principal.clone()),
        host_filter: Some(acl.host.clone()),
        operation: acl.operation,
        permission_type: acl.permission,
    }
}

/// A filter may be taken, and a rule that it finds refused.
fn deletion(filter: DeleteAclsFilterResult) -> Result<(), BrokerError> {
    result(filter.error_code, filter.error_message)?;
    let mut found = filter.matching_acls.into_iter();
    found.try_for_each(|acl| result(acl.error_code, acl.error_message))
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
