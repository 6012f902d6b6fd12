//! Which broker coordinates a group or a transactional id.

use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::find_coordinator::FindCoordinatorRequest;

use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError, ConnectionError};
use crate::retry::retry;

/// From this version on one request names many keys.
const MANY_KEYS_VERSION: i16 = 4;

/// What is coordinated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoordinatorKey {
    Group(String),
    Transaction(String),
}

impl CoordinatorKey {
    fn parts(&self) -> (i8, &str) {
        match self {
            Self::Group(id) => (0, id),
            Self::Transaction(id) => (1, id),
        }
    }
}

impl Cluster {
    /// The id of the broker that coordinates `key`.
    pub async fn find_coordinator(&self, key: &CoordinatorKey) -> Result<i32, ClientError> {
        retry(self.config().operation_timeout, move || self.find_coordinator_once(key)).await
    }

    /// One question; a coordinator that is not in the metadata makes it be read again.
    pub(crate) async fn find_coordinator_once(&self, key: &CoordinatorKey) -> Result<i32, ClientError> {
        let connection = match self.any_broker().await {
            Ok(connection) => connection,
            Err(error) => {
                self.refresh(Some(&[])).await?;
                return Err(error);
            }
        };
        let version = connection.version_of::<FindCoordinatorRequest>().map_err(ConnectionError::from)?;
        let response = connection.call_at(&build_request(key, version), version).await?;
        let (node_id, code, message) = if version < MANY_KEYS_VERSION {
            (response.node_id, response.error_code, response.error_message)
        } else {
            let named = response.coordinators.into_iter().find(|found| found.key == key.parts().1);
            named.map_or((-1, ErrorCode::COORDINATOR_NOT_AVAILABLE.0, None), |found| {
                (found.node_id, found.error_code, found.error_message)
            })
        };
        result(code, message).map_err(refused)?;
        if !self.metadata().await.brokers.contains_key(&node_id) {
            self.refresh(Some(&[])).await?;
        }
        Ok(node_id)
    }
}

fn refused(error: BrokerError) -> ClientError {
    ClientError::Broker { api: FindCoordinatorRequest::KEY, error }
}

fn build_request(key: &CoordinatorKey, version: i16) -> FindCoordinatorRequest {
    let (key_type, id) = key.parts();
    let (key, coordinator_keys) = match version {
        MANY_KEYS_VERSION.. => (String::new(), vec![id.to_owned()]),
        _ => (id.to_owned(), Vec::new()),
    };
    FindCoordinatorRequest { key, key_type, coordinator_keys }
}
