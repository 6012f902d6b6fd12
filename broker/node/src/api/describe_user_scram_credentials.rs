//! DescribeUserScramCredentials (50), version 0: mechanisms and iterations of users, never keys.

use std::collections::BTreeMap;

use strait_broker_core::acl::Operation;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_user_scram_credentials::{
    CredentialInfo, DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
    DescribeUserScramCredentialsResult,
};

use crate::call::Call;
use crate::controller::denial;

pub(crate) async fn handle(
    call: &Call,
    request: DescribeUserScramCredentialsRequest,
) -> DescribeUserScramCredentialsResponse {
    if !call.may_on_cluster(Operation::Describe) {
        let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        let error_message = Some(denial(error).to_owned());
        let results = request.users.into_iter().flatten().map(|_| DescribeUserScramCredentialsResult {
            error_code: error.0,
            error_message: error_message.clone(),
            ..Default::default()
        });
        return DescribeUserScramCredentialsResponse {
            results: results.collect(),
            error_code: error.0,
            error_message,
            ..Default::default()
        };
    }
    let known = call.node.controller.scram_users().by_name();
    let asked = request.users.unwrap_or_default();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    if asked.is_empty() {
        counts.extend(known.keys().map(|name| (name.clone(), 1)));
    }
    for user in asked {
        *counts.entry(user.name).or_default() += 1;
    }
    let results = counts.into_iter().map(|(user, count)| {
        let infos = known.get(&user).map(Vec::as_slice).unwrap_or_default();
        match count {
            1 => described(user, infos),
            _ => refused(
                ErrorCode::DUPLICATE_RESOURCE,
                "Cannot describe SCRAM credentials for the same user twice in a single request: ",
                user,
            ),
        }
    });
    DescribeUserScramCredentialsResponse { results: results.collect(), ..Default::default() }
}

fn described(user: String, infos: &[(i8, i32)]) -> DescribeUserScramCredentialsResult {
    if infos.is_empty() {
        let message = "Attempt to describe a user credential that does not exist: ";
        return refused(ErrorCode::RESOURCE_NOT_FOUND, message, user);
    }
    let infos = infos.iter().map(|&(mechanism, iterations)| CredentialInfo { mechanism, iterations });
    DescribeUserScramCredentialsResult { user, credential_infos: infos.collect(), ..Default::default() }
}

fn refused(error: ErrorCode, message: &str, user: String) -> DescribeUserScramCredentialsResult {
    let error_message = Some(format!("{message}{user}"));
    DescribeUserScramCredentialsResult { user, error_code: error.0, error_message, ..Default::default() }
}
