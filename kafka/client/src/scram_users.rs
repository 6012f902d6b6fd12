//! Users of SCRAM (KIP-554): who is there, made and removed. A broker never tells a password.

use std::collections::BTreeMap;

use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::alter_user_scram_credentials::{
    AlterUserScramCredentialsRequest, ScramCredentialDeletion, ScramCredentialUpsertion,
};
use strait_wire::message::describe_user_scram_credentials::DescribeUserScramCredentialsRequest;

use crate::admin::result;
use crate::client_quotas::unanswered;
use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError};
use crate::security::{SaltedPassword, ScramHash};

/// One credential of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScramUser {
    pub name: String,
    /// 1: SCRAM-SHA-256, 2: SCRAM-SHA-512.
    pub mechanism: i8,
    pub iterations: i32,
}

/// The result for each user of a request, in its order.
pub type ScramUserResults = Vec<Result<(), BrokerError>>;

impl Cluster {
    /// Every credential.
    pub async fn describe_scram_users(&self) -> Result<Vec<ScramUser>, ClientError> {
        // Without a list an Apache Kafka that refuses never answers: it fails on the missing list.
        let request = DescribeUserScramCredentialsRequest { users: Some(Vec::new()) };
        let response = self.ask_any(&request).await?;
        let refused = |error| ClientError::Broker { api: DescribeUserScramCredentialsRequest::KEY, error };
        result(response.error_code, response.error_message).map_err(refused)?;
        let mut users = Vec::new();
        for user in response.results {
            let code = ErrorCode(user.error_code);
            // One that was removed in between is not there.
            if code != ErrorCode::RESOURCE_NOT_FOUND {
                result(user.error_code, user.error_message).map_err(refused)?;
            }
            users.extend(user.credential_infos.into_iter().map(|info| ScramUser {
                name: user.user.clone(),
                mechanism: info.mechanism,
                iterations: info.iterations,
            }));
        }
        Ok(users)
    }

    /// Makes credentials or gives them another password, at most one of each user.
    pub async fn create_scram_users(
        &self,
        users: &[(String, SaltedPassword)],
    ) -> Result<ScramUserResults, ClientError> {
        let upsertions = users.iter().map(|(name, password)| ScramCredentialUpsertion {
            name: name.clone(),
            mechanism: password.hash.code(),
            iterations: i32::try_from(password.iterations).unwrap_or(i32::MAX),
            salt: password.salt(),
            salted_password: password.salted(),
        });
        let upsertions = upsertions.collect();
        self.alter_scram_users(&AlterUserScramCredentialsRequest { deletions: Vec::new(), upsertions }).await
    }

    /// Removes credentials, at most one of each user; one that is not there is no error.
    pub async fn delete_scram_users(
        &self,
        users: &[(String, ScramHash)],
    ) -> Result<ScramUserResults, ClientError> {
        let deletions = users
            .iter()
            .map(|(name, hash)| ScramCredentialDeletion { name: name.clone(), mechanism: hash.code() });
        let deletions = deletions.collect();
        let request = AlterUserScramCredentialsRequest { deletions, upsertions: Vec::new() };
        let results = self.alter_scram_users(&request).await?.into_iter();
        Ok(results.map(|result| result.or_else(unless_absent)).collect())
    }

    async fn alter_scram_users(
        &self,
        request: &AlterUserScramCredentialsRequest,
    ) -> Result<ScramUserResults, ClientError> {
        let response = self.ask_controller(request).await?;
        let results = response.results.into_iter();
        let answered: BTreeMap<String, Result<(), BrokerError>> =
            results.map(|user| (user.user, result(user.error_code, user.error_message))).collect();
        let deleted = request.deletions.iter().map(|deletion| &deletion.name);
        let names = deleted.chain(request.upsertions.iter().map(|upsertion| &upsertion.name));
        Ok(names.map(|name| answered.get(name).cloned().unwrap_or_else(|| Err(unanswered()))).collect())
    }
}

fn unless_absent(error: BrokerError) -> Result<(), BrokerError> {
    if error.code == ErrorCode::RESOURCE_NOT_FOUND { Ok(()) } else { Err(error) }
}
