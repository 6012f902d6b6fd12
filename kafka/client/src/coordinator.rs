//! Which broker coordinates a group or a transactional id.

use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::find_coordinator::FindCoordinatorRequest;

use tokio::sync::Mutex;

use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::{BrokerError, ClientError, ConnectionError};
use crate::exchange::Call;
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

/// The coordinator of one key, asked again where it moved.
#[derive(Debug)]
pub(crate) struct Coordinator {
    pub(crate) cluster: Cluster,
    key: CoordinatorKey,
    /// The coordinating broker, while it is believed to be.
    node: Mutex<Option<i32>>,
}

impl Coordinator {
    pub(crate) fn new(cluster: Cluster, key: CoordinatorKey) -> Self {
        Self { cluster, key, node: Mutex::new(None) }
    }

    /// Asks until an answer stays, within the cluster's operation timeout. `code` finds the error in an answer.
    pub(crate) async fn ask<R: Call>(
        &self,
        request: &R,
        highest: i16,
        code: impl Fn(&R::Response) -> Result<(), BrokerError>,
    ) -> Result<R::Response, ClientError> {
        let code = &code;
        retry(self.cluster.config().operation_timeout, move || self.ask_checked(request, highest, code)).await
    }

    /// Asks once.
    pub(crate) async fn ask_checked<R: Call>(
        &self,
        request: &R,
        highest: i16,
        code: &impl Fn(&R::Response) -> Result<(), BrokerError>,
    ) -> Result<R::Response, ClientError> {
        let answer = self.ask_once(request, highest).await.and_then(|response| {
            let refused = |error| ClientError::Broker { api: R::KEY, error };
            code(&response).map_err(refused).map(|()| response)
        });
        if answer.as_ref().is_err_and(is_lost) {
            *self.node.lock().await = None;
        }
        answer
    }

    async fn ask_once<R: Call>(&self, request: &R, highest: i16) -> Result<R::Response, ClientError> {
        let connection = self.cluster.connection_to(self.node().await?).await?;
        let version = connection.version_of::<R>().map_err(ConnectionError::from)?.min(highest);
        Ok(connection.call_at(request, version).await?)
    }

    pub(crate) async fn node(&self) -> Result<i32, ClientError> {
        let mut node = self.node.lock().await;
        match *node {
            Some(known) => Ok(known),
            None => Ok(*node.insert(self.cluster.find_coordinator_once(&self.key).await?)),
        }
    }

    /// The broker coordinates this key no more.
    pub(crate) async fn forget(&self) {
        *self.node.lock().await = None;
    }
}

/// The broker is gone, or coordinates this key no more.
fn is_lost(error: &ClientError) -> bool {
    match error {
        ClientError::Broker { error, .. } => {
            matches!(error.code, ErrorCode::NOT_COORDINATOR | ErrorCode::COORDINATOR_NOT_AVAILABLE)
        }
        _ => true,
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
