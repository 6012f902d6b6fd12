//! Becoming a member: the coordinator gathers all members, one of them shares the partitions out, each gets its part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use strait_wire::error_code::ErrorCode;
use strait_wire::message::join_group::{JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse};
use strait_wire::message::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

use super::membership::Group;
use super::protocol;
use crate::config::ClientConfig;
use crate::connection::Connection;
use crate::consumer::assignor::{Counts, Member, Strategy};
use crate::consumer::error::ConsumerError;
use crate::error::{BrokerError, ClientError};
use crate::exchange::Call;
use crate::leaders::TopicPartition;
use crate::retry::{Attempts, is_retriable, is_retriable_code};

/// The protocol type of consumers.
const CONSUMER: &str = "consumer";
/// The coordinator may take the whole rebalance timeout to answer.
const GRACE: Duration = Duration::from_secs(5);

/// What we join with.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) topics: BTreeSet<String>,
    pub(crate) owned: BTreeSet<TopicPartition>,
    pub(crate) generation: i32,
    pub(crate) reason: String,
}

/// What we got.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) strategy: Strategy,
    pub(crate) assignment: BTreeSet<TopicPartition>,
    /// Of all topics of the group, when we are its leader.
    pub(crate) counts: Option<Counts>,
}

/// Why a round did not end with an assignment.
enum Setback {
    /// Try again, now or after a pause.
    Again {
        pause: bool,
    },
    Final(ConsumerError),
}

impl From<ConsumerError> for Setback {
    fn from(error: ConsumerError) -> Self {
        Self::Final(error)
    }
}

impl From<ClientError> for Setback {
    fn from(error: ClientError) -> Self {
        match is_retriable(&error)
            || matches!(error, ClientError::Bootstrap { .. } | ClientError::Deadline { .. })
        {
            true => Self::Again { pause: true },
            false => Self::Final(error.into()),
        }
    }
}

/// Joins until it succeeds, or fails for good.
pub(crate) async fn join(group: Arc<Group>, wish: Wish) -> Result<Joined, ConsumerError> {
    let mut attempts = Attempts::within(Duration::MAX / 4);
    loop {
        match group.round(&wish).await {
            Ok(joined) => return Ok(joined),
            Err(Setback::Final(error)) => return Err(error),
            Err(Setback::Again { pause: false }) => {}
            Err(Setback::Again { pause: true }) => {
                attempts.pause().await;
            }
        }
    }
}

impl Group {
    async fn round(&self, wish: &Wish) -> Result<Joined, Setback> {
        let connection = self.waiting_connection().await?;
        let answer = self.ask(&connection, &self.join_request(wish)?).await?;
        self.check(ErrorCode(answer.error_code), &answer.member_id).await?;
        let strategy = answer.protocol_name.as_deref().and_then(Strategy::named);
        let unknown =
            || ConsumerError::Protocol { reason: format!("the group speaks {:?}", answer.protocol_name) };
        let strategy = strategy.ok_or_else(unknown)?;
        let (assignments, counts) = match answer.leader == answer.member_id {
            true => self.lead(strategy, &answer).await?,
            false => (Vec::new(), None),
        };
        let request = SyncGroupRequest {
            group_id: self.id.clone(),
            generation_id: answer.generation_id,
            member_id: answer.member_id.clone(),
            group_instance_id: self.instance_id.clone(),
            protocol_type: Some(CONSUMER.to_owned()),
            protocol_name: answer.protocol_name.clone(),
            assignments,
        };
        let synced = self.ask(&connection, &request).await?;
        self.check(ErrorCode(synced.error_code), &answer.member_id).await?;
        let assignment = protocol::assigned(synced.assignment)?;
        self.on_joined(answer.generation_id, answer.member_id);
        Ok(Joined { strategy, assignment, counts })
    }

    fn join_request(&self, wish: &Wish) -> Result<JoinGroupRequest, ConsumerError> {
        let member_id = self.state().member_id.clone();
        let member = Member {
            id: member_id.clone(),
            instance_id: None,
            topics: wish.topics.clone(),
            owned: wish.owned.iter().cloned().collect(),
            generation: wish.generation,
        };
        let strategies = self.config.partition_assignment_strategy.iter();
        let protocols = strategies.map(|strategy| {
            let metadata = protocol::subscription(*strategy, &member)?;
            Ok(JoinGroupRequestProtocol { name: strategy.name().to_owned(), metadata })
        });
        Ok(JoinGroupRequest {
            group_id: self.id.clone(),
            session_timeout_ms: self.config.session_timeout_ms.value(),
            rebalance_timeout_ms: self.config.max_poll_interval_ms,
            member_id,
            group_instance_id: self.instance_id.clone(),
            protocol_type: CONSUMER.to_owned(),
            protocols: protocols.collect::<Result<_, ConsumerError>>()?,
            reason: Some(wish.reason.clone()),
        })
    }

    /// Shares the partitions out among all members.
    async fn lead(
        &self,
        strategy: Strategy,
        answer: &JoinGroupResponse,
    ) -> Result<(Vec<SyncGroupRequestAssignment>, Option<Counts>), Setback> {
        let members = answer.members.iter().map(|member| {
            let instance = member.group_instance_id.clone();
            protocol::member(strategy, &member.member_id, instance, member.metadata.clone())
        });
        let members: Vec<Member> = members.collect::<Result<_, _>>()?;
        let counts = self.counts(&members).await?;
        if answer.skip_assignment {
            return Ok((Vec::new(), Some(counts)));
        }
        let given = strategy.assign(&members, &counts).into_iter().map(|(member_id, partitions)| {
            let assignment = protocol::assignment(&partitions)?;
            Ok(SyncGroupRequestAssignment { member_id, assignment })
        });
        Ok((given.collect::<Result<_, ConsumerError>>()?, Some(counts)))
    }

    async fn counts(&self, members: &[Member]) -> Result<Counts, ClientError> {
        let topics: BTreeSet<&String> = members.iter().flat_map(|member| &member.topics).collect();
        let topics: Vec<String> = topics.into_iter().cloned().collect();
        let metadata = match self.config.allow_auto_create_topics {
            true => self.cluster.refresh_or_create(&topics).await?,
            false => self.cluster.refresh(Some(&topics)).await?,
        };
        Ok(counts_of(&metadata, topics.iter()))
    }

    /// What an error of a round means: of both requests the same.
    async fn check(&self, code: ErrorCode, member_id: &str) -> Result<(), Setback> {
        match code {
            ErrorCode::NONE => return Ok(()),
            ErrorCode::MEMBER_ID_REQUIRED => {
                member_id.clone_into(&mut self.state().member_id);
                return Err(Setback::Again { pause: false });
            }
            ErrorCode::UNKNOWN_MEMBER_ID => self.state().reset(true),
            ErrorCode::ILLEGAL_GENERATION => self.state().reset(false),
            ErrorCode::REBALANCE_IN_PROGRESS => return Err(Setback::Again { pause: false }),
            ErrorCode::NOT_COORDINATOR | ErrorCode::COORDINATOR_NOT_AVAILABLE => {
                self.coordinator.forget().await
            }
            code if is_retriable_code(code) => {}
            code => return Err(Setback::Final(self.refused(BrokerError { code, message: None }))),
        }
        Err(Setback::Again { pause: true })
    }

    async fn ask<R: Call>(&self, connection: &Connection, request: &R) -> Result<R::Response, ClientError> {
        let answer = connection.call(request).await;
        if let Err(error) = &answer {
            tracing::debug!(group = self.id, api = %R::KEY, %error, "the coordinator does not answer");
            *self.waiting.lock().await = None;
            self.coordinator.forget().await;
        }
        Ok(answer?)
    }

    async fn waiting_connection(&self) -> Result<Connection, ClientError> {
        let node = self.coordinator.node().await?;
        let mut waiting = self.waiting.lock().await;
        if let Some((_, open)) = waiting.as_ref().filter(|(id, open)| *id == node && !open.is_closed()) {
            return Ok(open.clone());
        }
        let metadata = self.cluster.metadata().await;
        let broker = metadata.brokers.get(&node).ok_or(ClientError::UnknownBroker { id: node })?;
        let known = self.cluster.config();
        let patience = Duration::from_millis(self.config.max_poll_interval_ms.unsigned_abs().into()) + GRACE;
        let request_timeout = known.request_timeout.max(patience);
        let opened =
            Connection::open(&ClientConfig { request_timeout, ..known.clone() }, &broker.address()).await;
        if opened.is_err() {
            self.coordinator.forget().await;
        }
        let connection = opened?;
        *waiting = Some((node, connection.clone()));
        Ok(connection)
    }
}

/// How many partitions each of these topics has.
pub(crate) fn counts_of<'a>(
    metadata: &crate::metadata::Metadata,
    topics: impl Iterator<Item = &'a String>,
) -> Counts {
    let counted = topics.filter_map(|name| {
        let count = i32::try_from(metadata.topics.get(name)?.partitions.len()).ok()?;
        (count > 0).then(|| (name.clone(), count))
    });
    counted.collect::<BTreeMap<_, _>>()
}
