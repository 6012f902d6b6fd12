//! Users of SCRAM. A source tells mechanisms and iterations, never passwords: these come from the configuration.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use strait_client::{ClientError, Cluster, SaltedPassword, ScramHash, SecretSource, SecurityError};
use strait_replicator_core::principal_plan::{Finding, Principal, ScramMechanism, ScramUser, compare_users};

use super::{Kind, Refusal, Results};
use crate::configuration::{Flow, Secret};
use crate::status::{FlowStatus, PrincipalRow, PrincipalsStatus};

pub(super) struct Users {
    passwords: BTreeMap<String, SecretSource>,
}

/// A password that can't be used.
#[derive(Debug, thiserror::Error)]
enum PasswordError {
    #[error("the source tells {iterations} iterations")]
    Iterations { iterations: i32 },
    #[error("no password configured")]
    Missing,
    #[error(transparent)]
    Security(#[from] SecurityError),
}

impl Users {
    pub(super) fn new(passwords: &BTreeMap<String, Secret>) -> Self {
        let passwords = passwords.iter().map(|(user, password)| (user.clone(), password.source_of()));
        Self { passwords: passwords.collect() }
    }

    /// The password as it is configured now, with the source's mechanism and iterations.
    async fn salted(&self, user: &ScramUser, iterations: i32) -> Result<SaltedPassword, PasswordError> {
        let password = self.passwords.get(&user.name).ok_or(PasswordError::Missing)?;
        let count = u32::try_from(iterations).ok().and_then(NonZeroU32::new);
        let count = count.ok_or(PasswordError::Iterations { iterations })?;
        Ok(SaltedPassword::of(hash(user.mechanism), password, count).await?)
    }
}

fn hash(mechanism: ScramMechanism) -> ScramHash {
    match mechanism {
        ScramMechanism::Sha256 => ScramHash::Sha256,
        ScramMechanism::Sha512 => ScramHash::Sha512,
    }
}

impl Kind for Users {
    type Name = ScramUser;
    /// Iterations.
    type Value = i32;
    const WHAT: &str = "SCRAM users";

    fn is_on(flow: &Flow) -> bool {
        flow.sync_scram_users
    }

    fn status(flow: &mut FlowStatus) -> &mut PrincipalsStatus {
        &mut flow.scram_users
    }

    fn principal(name: &ScramUser) -> Principal {
        Principal::User(name.clone())
    }

    fn name(principal: &Principal) -> Option<&ScramUser> {
        match principal {
            Principal::User(user) => Some(user),
            Principal::Quota(_) => None,
        }
    }

    fn row(name: &ScramUser, source: Option<&i32>, target: Option<&i32>) -> PrincipalRow {
        PrincipalRow::User {
            user: name.name.clone(),
            mechanism: name.mechanism.name(),
            iterations: source.copied(),
            target_iterations: target.copied(),
        }
    }

    fn compare(&self, name: &ScramUser, source: &i32, target: Option<&i32>) -> Finding {
        compare_users(*source, target.copied(), self.passwords.contains_key(&name.name))
    }

    async fn read(cluster: &Cluster) -> Result<BTreeMap<ScramUser, i32>, ClientError> {
        let users = cluster.describe_scram_users().await?.into_iter().filter_map(|user| {
            let mechanism = ScramMechanism::from_code(user.mechanism)?;
            Some((ScramUser { name: user.name, mechanism }, user.iterations))
        });
        Ok(users.collect())
    }

    async fn write(&self, target: &Cluster, changes: &[(ScramUser, i32)]) -> Result<Results, ClientError> {
        let (mut results, mut salted) = (Results::new(), Vec::new());
        for (user, iterations) in changes {
            results.push(match self.salted(user, *iterations).await {
                Ok(password) => {
                    salted.push((user.name.clone(), password));
                    Ok(())
                }
                Err(error) => Err(Refusal { reason: error.to_string(), is_unauthorized: false }),
            });
        }
        if !salted.is_empty() {
            let mut told = target.create_scram_users(&salted).await?.into_iter();
            for result in results.iter_mut().filter(|result| result.is_ok()) {
                *result = told.next().unwrap_or(Ok(())).map_err(Refusal::from);
            }
        }
        Ok(results)
    }

    async fn remove(&self, target: &Cluster, names: &[ScramUser]) -> Result<Results, ClientError> {
        let users: Vec<_> = names.iter().map(|user| (user.name.clone(), hash(user.mechanism))).collect();
        let results = target.delete_scram_users(&users).await?;
        Ok(results.into_iter().map(|result| result.map_err(Refusal::from)).collect())
    }
}
