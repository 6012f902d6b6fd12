//! Users of SCRAM: made, changed, removed (`ScramControlManager`). Whoever authenticates reads a copy, without waiting
//! for changes that go to disk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLock};

use strait_broker_core::sasl::scram::{ScramCredential, ScramMechanism};
use strait_wire::error_code::ErrorCode;

use super::{ChangeError, Controller};
use crate::metadata::{MetadataRecord, ScramUser};

/// A change that a client asks for.
#[derive(Clone, Debug)]
pub(crate) struct ScramChange {
    pub(crate) user: ScramUser,
    /// None: the user is removed.
    pub(crate) password: Option<SaltedPassword>,
}

/// A password as the client salted it.
#[derive(Clone)]
pub(crate) struct SaltedPassword {
    pub(crate) salt: Vec<u8>,
    pub(crate) salted: Vec<u8>,
    pub(crate) iterations: i32,
}

impl std::fmt::Debug for SaltedPassword {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SaltedPassword")
    }
}

/// Why a user was not changed, with the message that Kafka's tools show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScramChangeError {
    #[error("A user credential cannot be altered twice in the same request")]
    Twice,
    #[error("Username must not be empty")]
    NoName,
    #[error("Unknown SCRAM mechanism")]
    UnknownMechanism,
    #[error("Too few iterations")]
    TooFewIterations,
    #[error("Too many iterations")]
    TooManyIterations,
    #[error("Attempt to delete a user credential that does not exist")]
    Unknown,
    #[error("{message}")]
    Refused { code: ErrorCode, message: String },
}

impl ScramChangeError {
    /// What a client is answered.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::Twice => ErrorCode::DUPLICATE_RESOURCE,
            Self::UnknownMechanism => ErrorCode::UNSUPPORTED_SASL_MECHANISM,
            Self::NoName | Self::TooFewIterations | Self::TooManyIterations => {
                ErrorCode::UNACCEPTABLE_CREDENTIAL
            }
            Self::Unknown => ErrorCode::RESOURCE_NOT_FOUND,
            Self::Refused { code, .. } => *code,
        }
    }
}

/// The users, to be read by all connections.
#[derive(Debug, Default)]
pub(crate) struct ScramUsers(RwLock<BTreeMap<ScramUser, ScramCredential>>);

impl ScramUsers {
    pub(super) fn new(users: BTreeMap<ScramUser, ScramCredential>) -> Self {
        Self(RwLock::new(users))
    }

    pub(crate) fn credential(&self, mechanism: ScramMechanism, name: &str) -> Option<ScramCredential> {
        let user = ScramUser { name: name.to_owned(), mechanism: mechanism.code() };
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&user).cloned()
    }

    /// Mechanisms and iterations by name.
    pub(crate) fn by_name(&self) -> BTreeMap<String, Vec<(i8, i32)>> {
        let users = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut named: BTreeMap<String, Vec<(i8, i32)>> = BTreeMap::new();
        for (user, credential) in users.iter() {
            named.entry(user.name.clone()).or_default().push((user.mechanism, credential.iterations));
        }
        named
    }

    fn knows(&self, user: &ScramUser) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(user)
    }

    fn replace(&self, users: BTreeMap<ScramUser, ScramCredential>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = users;
    }
}

impl Controller {
    pub(crate) fn scram_users(&self) -> &ScramUsers {
        &self.scram_users
    }

    /// Changes users, those together that can be; gives the outcome for each name. Blocks until it is on disk.
    pub(crate) fn change_scram_users(
        &self,
        changes: Vec<ScramChange>,
    ) -> Vec<(String, Result<(), ScramChangeError>)> {
        let mut state = self.state();
        let twice = names_that_come_twice(&changes);
        let (mut outcomes, mut records) = (BTreeMap::new(), Vec::new());
        for change in changes {
            let name = change.user.name.clone();
            let outcome = match twice.contains(&name) {
                true => Err(ScramChangeError::Twice),
                false => record(change, &self.scram_users).map(|record| records.push(record)),
            };
            outcomes.insert(name, outcome);
        }
        let committed = state.commit(records).map_err(ChangeError::from);
        self.scram_users.replace(state.image.scram_users().clone());
        if let Err(error) = committed {
            let refused = |error: &ChangeError| ScramChangeError::Refused {
                code: error.code(),
                message: error.to_string(),
            };
            for outcome in outcomes.values_mut().filter(|outcome| outcome.is_ok()) {
                *outcome = Err(refused(&error));
            }
        }
        outcomes.into_iter().collect()
    }
}

fn names_that_come_twice(changes: &[ScramChange]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let names = changes.iter().map(|change| change.user.name.clone());
    names.filter(|name| !seen.insert(name.clone())).collect()
}

fn record(change: ScramChange, users: &ScramUsers) -> Result<MetadataRecord, ScramChangeError> {
    let ScramChange { user, password } = change;
    if user.name.is_empty() {
        return Err(ScramChangeError::NoName);
    }
    let Some(mechanism) = ScramMechanism::from_code(user.mechanism) else {
        return Err(ScramChangeError::UnknownMechanism);
    };
    let Some(SaltedPassword { salt, salted, iterations }) = password else {
        return match users.knows(&user) {
            true => Ok(MetadataRecord::RemoveScramUser(user)),
            false => Err(ScramChangeError::Unknown),
        };
    };
    match iterations {
        few if few < ScramMechanism::LEAST_ITERATIONS => Err(ScramChangeError::TooFewIterations),
        many if many > ScramMechanism::MOST_ITERATIONS => Err(ScramChangeError::TooManyIterations),
        _ => {
            let credential = ScramCredential::of_salted_password(mechanism, salt, &salted, iterations);
            Ok(MetadataRecord::ScramUser { user, credential })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, mechanism: i8) -> ScramUser {
        ScramUser { name: name.to_owned(), mechanism }
    }

    fn set(name: &str, mechanism: i8, iterations: i32) -> ScramChange {
        let password = SaltedPassword { salt: vec![1], salted: vec![2; 32], iterations };
        ScramChange { user: user(name, mechanism), password: Some(password) }
    }

    #[test]
    fn what_is_wrong_has_kafkas_code() {
        let users = ScramUsers::default();
        let code = |change| record(change, &users).map(drop).map_err(|error| error.code());
        assert_eq!(code(set("alice", 1, 4_096)), Ok(()));
        assert_eq!(code(set("alice", 2, 16_384)), Ok(()));
        assert_eq!(code(set("", 1, 4_096)), Err(ErrorCode::UNACCEPTABLE_CREDENTIAL));
        assert_eq!(code(set("alice", 1, 4_095)), Err(ErrorCode::UNACCEPTABLE_CREDENTIAL));
        assert_eq!(code(set("alice", 1, 16_385)), Err(ErrorCode::UNACCEPTABLE_CREDENTIAL));
        assert_eq!(code(set("alice", 3, 4_096)), Err(ErrorCode::UNSUPPORTED_SASL_MECHANISM));
        let removed = ScramChange { user: user("alice", 1), password: None };
        assert_eq!(code(removed), Err(ErrorCode::RESOURCE_NOT_FOUND));
    }

    #[test]
    fn a_name_may_come_once() {
        let changes = [set("alice", 1, 4_096), set("bob", 1, 4_096), set("alice", 2, 4_096)];
        assert_eq!(names_that_come_twice(&changes), BTreeSet::from(["alice".to_owned()]));
    }
}
