//! DeleteAcls (31), versions 1 to 3: the rules that filters find.

use strait_broker_core::acl::{AclBinding, AclFilter};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::delete_acls::{
    DeleteAclsFilter, DeleteAclsFilterResult, DeleteAclsMatchingAcl, DeleteAclsRequest, DeleteAclsResponse,
};

use super::create_acls::may_change;
use crate::call::Call;
use crate::dispatch::Answer;
use crate::node::blocking;

/// Kafka's number for what a client does not know.
const UNKNOWN: i8 = 0;

pub(crate) async fn handle(call: &Call, request: DeleteAclsRequest) -> Answer<DeleteAclsResponse> {
    let is_unknown = |filter: &DeleteAclsFilter| {
        let DeleteAclsFilter {
            resource_type_filter, pattern_type_filter, operation, permission_type, ..
        } = filter;
        [resource_type_filter, pattern_type_filter, operation, permission_type].contains(&&UNKNOWN)
    };
    if request.filters.iter().any(is_unknown) {
        return Answer::Close("filters of unknown kinds".to_owned());
    }
    if let Err((error, message)) = may_change(call) {
        let results = request.filters.iter().map(|_| refused(error, message));
        return DeleteAclsResponse { throttle_time_ms: 0, filter_results: results.collect() }.into();
    }
    let filters: Vec<Option<AclFilter>> = request.filters.into_iter().map(filter).collect();
    let valid: Vec<AclFilter> = filters.iter().flatten().cloned().collect();
    let deleted = blocking(|| call.node.controller.delete_acls(&valid));
    let mut deleted = deleted.map(Vec::into_iter);
    let results = filters.into_iter().map(|filter| match (filter, &mut deleted) {
        (None, _) => refused(ErrorCode::INVALID_REQUEST, "Unknown entryFilter."),
        (Some(_), Err(error)) => refused(error.code(), &error.to_string()),
        (Some(_), Ok(deleted)) => {
            let matching = deleted.next().into_iter().flatten().map(matching);
            DeleteAclsFilterResult { matching_acls: matching.collect(), ..Default::default() }
        }
    });
    DeleteAclsResponse { throttle_time_ms: 0, filter_results: results.collect() }.into()
}

fn refused(error: ErrorCode, message: &str) -> DeleteAclsFilterResult {
    let (error_code, error_message) = (error.0, Some(message.to_owned()));
    DeleteAclsFilterResult { error_code, error_message, ..Default::default() }
}

/// None where one of its kinds is not known.
fn filter(asked: DeleteAclsFilter) -> Option<AclFilter> {
    let filter = AclFilter::of_ids(
        asked.resource_type_filter,
        asked.pattern_type_filter,
        asked.operation,
        asked.permission_type,
    )?;
    let (resource_name, principal, host) =
        (asked.resource_name_filter, asked.principal_filter, asked.host_filter);
    Some(AclFilter { resource_name, principal, host, ..filter })
}

fn matching(binding: AclBinding) -> DeleteAclsMatchingAcl {
    DeleteAclsMatchingAcl {
        resource_type: binding.resource_type.id(),
        resource_name: binding.resource_name,
        pattern_type: binding.pattern_type.id(),
        principal: binding.principal,
        host: binding.host,
        operation: binding.operation.id(),
        permission_type: binding.permission.id(),
        ..Default::default()
    }
}
