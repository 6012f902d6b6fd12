//! CreateAcls (30), versions 1 to 3. Rules that can be made are made together.

use strait_broker_core::acl::{AclBinding, Operation, PatternType, Permission, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::create_acls::{
    AclCreation, AclCreationResult, CreateAclsRequest, CreateAclsResponse,
};

use crate::call::Call;
use crate::dispatch::Answer;
use crate::node::blocking;

/// Kafka's number for what a client does not know.
const UNKNOWN: i8 = 0;

pub(crate) async fn handle(call: &Call, request: CreateAclsRequest) -> Answer<CreateAclsResponse> {
    let creations = request.creations;
    let is_unknown = |creation: &AclCreation| {
        let AclCreation { resource_type, resource_pattern_type, operation, permission_type, .. } = creation;
        [resource_type, resource_pattern_type, operation, permission_type].contains(&&UNKNOWN)
    };
    if creations.iter().any(is_unknown) {
        return Answer::Close("rules of unknown kinds".to_owned());
    }
    if let Err((error, message)) = may_change(call) {
        let results = creations.iter().map(|_| refused(error, message));
        return CreateAclsResponse { throttle_time_ms: 0, results: results.collect() }.into();
    }
    let bindings: Vec<Result<AclBinding, String>> = creations.into_iter().map(binding).collect();
    let valid = bindings.iter().filter_map(|binding| binding.as_ref().ok().cloned()).collect();
    let created = blocking(|| call.node.controller.create_acls(valid));
    let results = bindings.into_iter().map(|binding| match (binding, &created) {
        (Err(reason), _) => refused(ErrorCode::INVALID_REQUEST, &reason),
        (Ok(_), Err(error)) => refused(error.code(), &error.to_string()),
        (Ok(_), Ok(())) => AclCreationResult::default(),
    });
    CreateAclsResponse { throttle_time_ms: 0, results: results.collect() }.into()
}

/// Whether the client may change rules, and there are rules.
pub(super) fn may_change(call: &Call) -> Result<(), (ErrorCode, &'static str)> {
    if !call.may_on_cluster(Operation::Alter) {
        return Err((ErrorCode::CLUSTER_AUTHORIZATION_FAILED, "Cluster authorization failed."));
    }
    match call.node.access.is_on() {
        true => Ok(()),
        false => Err((ErrorCode::SECURITY_DISABLED, "No Authorizer is configured.")),
    }
}

fn refused(error: ErrorCode, message: &str) -> AclCreationResult {
    AclCreationResult { error_code: error.0, error_message: Some(message.to_owned()) }
}

/// The rule, or why there can't be such a one.
fn binding(creation: AclCreation) -> Result<AclBinding, String> {
    fn known<T>(kind: Option<T>, what: &str, id: i8) -> Result<T, String> {
        let name = match id {
            1 => "ANY",
            2 => "MATCH",
            _ => "UNKNOWN",
        };
        kind.ok_or_else(|| format!("Invalid {what} {name}"))
    }
    let AclCreation { resource_type, resource_pattern_type, operation, permission_type, .. } = creation;
    let binding = AclBinding {
        resource_type: known(ResourceType::of_id(resource_type), "resourceType", resource_type)?,
        pattern_type: known(PatternType::of_id(resource_pattern_type), "patternType", resource_pattern_type)?,
        resource_name: creation.resource_name,
        principal: creation.principal,
        host: creation.host,
        operation: known(Operation::of_id(operation), "operation", operation)?,
        permission: known(Permission::of_id(permission_type), "permissionType", permission_type)?,
    };
    binding.check().map(|()| binding).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_can_not_be_are_named() {
        let creation = AclCreation {
            resource_type: 2,
            resource_name: "t".to_owned(),
            resource_pattern_type: 3,
            principal: "User:a".to_owned(),
            host: "*".to_owned(),
            operation: 3,
            permission_type: 3,
        };
        assert!(binding(creation.clone()).is_ok());
        let text = |creation: AclCreation| binding(creation).expect_err("refused");
        let any = AclCreation { resource_type: 1, ..creation.clone() };
        assert_eq!(text(any), "Invalid resourceType ANY");
        let matching = AclCreation { resource_pattern_type: 2, ..creation.clone() };
        assert_eq!(text(matching), "Invalid patternType MATCH");
        let unknown = AclCreation { operation: 99, ..creation.clone() };
        assert_eq!(text(unknown), "Invalid operation UNKNOWN");
        let empty = AclCreation { resource_name: String::new(), ..creation };
        assert_eq!(text(empty), "Invalid empty resource name");
    }
}
