//! DescribeAcls (29), versions 1 to 3: the rules that a filter finds, by the resources that they name.

use std::collections::BTreeMap;

use strait_broker_core::acl::{AclFilter, Operation};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_acls::{
    AclDescription, DescribeAclsRequest, DescribeAclsResource, DescribeAclsResponse,
};

use crate::call::Call;
use crate::dispatch::Answer;

/// Kafka's number for what a client does not know.
const UNKNOWN: i8 = 0;

pub(crate) async fn handle(call: &Call, request: DescribeAclsRequest) -> Answer<DescribeAclsResponse> {
    let DescribeAclsRequest { resource_type_filter, pattern_type_filter, operation, permission_type, .. } =
        request;
    if [resource_type_filter, pattern_type_filter, operation, permission_type].contains(&UNKNOWN) {
        return Answer::Close("a filter of unknown kinds".to_owned());
    }
    if !call.may_on_cluster(Operation::Describe) {
        return refused(ErrorCode::CLUSTER_AUTHORIZATION_FAILED, "Cluster authorization failed.");
    }
    if !call.node.access.is_on() {
        return refused(ErrorCode::SECURITY_DISABLED, "No Authorizer is configured on the broker");
    }
    let filter = AclFilter::of_ids(resource_type_filter, pattern_type_filter, operation, permission_type)
        .map(|filter| AclFilter {
            resource_name: request.resource_name_filter,
            principal: request.principal_filter,
            host: request.host_filter,
            ..filter
        });
    // A kind that is not known finds nothing.
    let found = filter.map(|filter| call.node.access.find(&filter)).unwrap_or_default();
    let mut resources: BTreeMap<_, Vec<AclDescription>> = BTreeMap::new();
    for binding in found {
        let resource = (binding.resource_type.id(), binding.resource_name, binding.pattern_type.id());
        resources.entry(resource).or_default().push(AclDescription {
            principal: binding.principal,
            host: binding.host,
            operation: binding.operation.id(),
            permission_type: binding.permission.id(),
        });
    }
    let resources = resources.into_iter().map(|((resource_type, resource_name, pattern_type), acls)| {
        DescribeAclsResource { resource_type, resource_name, pattern_type, acls }
    });
    DescribeAclsResponse { resources: resources.collect(), ..Default::default() }.into()
}

fn refused(error: ErrorCode, message: &str) -> Answer<DescribeAclsResponse> {
    let (error_code, error_message) = (error.0, Some(message.to_owned()));
    DescribeAclsResponse { error_code, error_message, ..Default::default() }.into()
}
