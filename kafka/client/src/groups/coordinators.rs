//! Each coordinator gets the questions about its groups; groups that moved are asked about again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use strait_wire::codec::Request;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::find_coordinator::FindCoordinatorRequest;

use super::GroupResults;
use crate::admin::result;
use crate::cluster::Cluster;
use crate::connection::Connection;
use crate::coordinator::CoordinatorKey;
use crate::error::{BrokerError, ClientError, ConnectionError};
use crate::exchange::Call;
use crate::retry::{Attempts, is_retriable, is_retriable_code};

const GROUP: i8 = 0;
/// From this version on one request names many keys.
const MANY_KEYS_VERSION: i16 = 4;
/// Groups in one request.
const GROUPS_AT_ONCE: usize = 500;
/// Requests about many groups on their way: an answer is decoded while the broker has the next request.
const REQUESTS_IN_FLIGHT: usize = 2;

/// Coordinators of groups, and groups that have none now.
type Found = (BTreeMap<i32, Vec<String>>, GroupResults<()>);

impl Cluster {
    /// Asks every coordinator, by its number and the connection to it, about its groups until each has an answer that
    /// stays, or the deadline has passed; then the last answer counts.
    pub(super) async fn ask_coordinators<T>(
        &self,
        groups: &[String],
        ask: impl AsyncFn(&Connection, i32, &[String]) -> Result<GroupResults<T>, ClientError>,
    ) -> Result<GroupResults<T>, ClientError> {
        let mut attempts = Attempts::within(self.config().operation_timeout);
        let mut open: BTreeSet<String> = groups.iter().cloned().collect();
        let mut answers = GroupResults::new();
        loop {
            let asked: Vec<String> = open.iter().cloned().collect();
            let mut refused: BTreeMap<String, BrokerError> = BTreeMap::new();
            let failure = match self.ask_once(&asked, &ask, &mut open, &mut answers, &mut refused).await {
                Ok(()) if open.is_empty() => return Ok(answers),
                Ok(()) => None,
                Err(error) if is_retriable(&error) => Some(error),
                Err(error) => return Err(error),
            };
            if attempts.pause().await {
                continue;
            }
            if let Some(error) = failure {
                return Err(attempts.given_up(&error));
            }
            let late = BrokerError { code: ErrorCode::REQUEST_TIMED_OUT, message: None };
            answers.extend(open.into_iter().map(|group| {
                let error = refused.remove(&group).unwrap_or_else(|| late.clone());
                (group, Err(error))
            }));
            return Ok(answers);
        }
    }

    async fn ask_once<T>(
        &self,
        asked: &[String],
        ask: &impl AsyncFn(&Connection, i32, &[String]) -> Result<GroupResults<T>, ClientError>,
        open: &mut BTreeSet<String>,
        answers: &mut GroupResults<T>,
        refused: &mut BTreeMap<String, BrokerError>,
    ) -> Result<(), ClientError> {
        let mut sort = |results: GroupResults<T>| {
            for (group, result) in results {
                match result {
                    Err(error) if is_retriable_code(error.code) => {
                        refused.insert(group, error);
                    }
                    // A broker that names a group twice, or one that was not asked about, is not believed.
                    result if open.remove(&group) => answers.push((group, result)),
                    _ => {}
                }
            }
        };
        let mut by_coordinator = BTreeMap::<i32, Vec<String>>::new();
        for chunk in asked.chunks(GROUPS_AT_ONCE) {
            let (found, without) = self.find_coordinators(chunk).await?;
            let without = without.into_iter().filter_map(|(group, result)| Some((group, Err(result.err()?))));
            sort(without.collect());
            for (coordinator, groups) in found {
                by_coordinator.entry(coordinator).or_default().extend(groups);
            }
        }
        for (coordinator, groups) in by_coordinator {
            let connection = self.connection_to(coordinator).await?;
            sort(ask(&connection, coordinator, &groups).await?);
        }
        Ok(())
    }

    async fn find_coordinators(&self, groups: &[String]) -> Result<Found, ClientError> {
        let connection = match self.any_broker().await {
            Ok(connection) => connection,
            Err(error) => {
                self.refresh(Some(&[])).await?;
                return Err(error);
            }
        };
        let version = connection.version_of::<FindCoordinatorRequest>().map_err(ConnectionError::from)?;
        let (mut by_coordinator, mut without) = (BTreeMap::<i32, Vec<String>>::new(), GroupResults::new());
        if version < MANY_KEYS_VERSION {
            for group in groups {
                let id = self.find_coordinator(&CoordinatorKey::Group(group.clone())).await?;
                by_coordinator.entry(id).or_default().push(group.clone());
            }
            return Ok((by_coordinator, without));
        }
        let request = FindCoordinatorRequest {
            key_type: GROUP,
            coordinator_keys: groups.to_vec(),
            ..FindCoordinatorRequest::default()
        };
        for found in connection.call_at(&request, version).await?.coordinators {
            match result(found.error_code, found.error_message) {
                Ok(()) => by_coordinator.entry(found.node_id).or_default().push(found.key),
                Err(error) => without.push((found.key, Err(error))),
            }
        }
        let known = self.metadata().await;
        if by_coordinator.keys().any(|id| !known.brokers.contains_key(id)) {
            self.refresh(Some(&[])).await?;
        }
        Ok((by_coordinator, without))
    }
}

/// Asks a coordinator about many groups, some in each request.
pub(super) async fn ask_in_chunks<R: Call, T>(
    connection: &Connection,
    version: i16,
    groups: &[String],
    request: impl Fn(Vec<String>) -> R,
    results: impl Fn(R::Response) -> GroupResults<T>,
) -> Result<GroupResults<T>, ConnectionError> {
    let requests = groups.chunks(GROUPS_AT_ONCE).map(|groups| request(groups.to_vec()));
    let calls = requests.map(|request| async move { connection.call_at(&request, version).await });
    let calls = stream::iter(calls.collect::<Vec<_>>());
    calls.buffered(REQUESTS_IN_FLIGHT).map_ok(results).try_concat().await
}

/// What the broker said of a request, as an error of the client.
pub(super) fn refused<R: Request>(error: BrokerError) -> ClientError {
    ClientError::Broker { api: R::KEY, error }
}
