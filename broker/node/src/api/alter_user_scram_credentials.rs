//! AlterUserScramCredentials (51), version 0: users of SCRAM are made, changed and removed. The broker stores keys that
//! follow from the salted password, not the password.

use std::collections::BTreeSet;

use strait_broker_core::acl::Operation;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::alter_user_scram_credentials::{
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, AlterUserScramCredentialsResult,
};

use crate::call::Call;
use crate::controller::{SaltedPassword, ScramChange, denial};
use crate::metadata::ScramUser;
use crate::node::blocking;

pub(crate) async fn handle(
    call: &Call,
    request: AlterUserScramCredentialsRequest,
) -> AlterUserScramCredentialsResponse {
    let deletions = request.deletions.into_iter().map(|deletion| ScramChange {
        user: ScramUser { name: deletion.name, mechanism: deletion.mechanism },
        password: None,
    });
    let upsertions = request.upsertions.into_iter().map(|upsertion| ScramChange {
        user: ScramUser { name: upsertion.name, mechanism: upsertion.mechanism },
        password: Some(SaltedPassword {
            salt: upsertion.salt.to_vec(),
            salted: upsertion.salted_password.to_vec(),
            iterations: upsertion.iterations,
        }),
    });
    let changes: Vec<ScramChange> = deletions.chain(upsertions).collect();
    if !call.may_on_cluster(Operation::Alter) {
        let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        let users: BTreeSet<String> = changes.into_iter().map(|change| change.user.name).collect();
        let results = users.into_iter().map(|user| AlterUserScramCredentialsResult {
            user,
            error_code: error.0,
            error_message: Some(denial(error).to_owned()),
        });
        return AlterUserScramCredentialsResponse { results: results.collect(), ..Default::default() };
    }
    let outcomes = blocking(|| call.node.controller.change_scram_users(changes));
    let results = outcomes.into_iter().map(|(user, outcome)| match outcome {
        Ok(()) => AlterUserScramCredentialsResult { user, error_code: 0, error_message: None },
        Err(error) => {
            let error_message = Some(error.to_string());
            AlterUserScramCredentialsResult { user, error_code: error.code().0, error_message }
        }
    });
    AlterUserScramCredentialsResponse { results: results.collect(), ..Default::default() }
}
