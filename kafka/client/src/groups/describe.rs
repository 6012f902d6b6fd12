//! Which groups there are, and who is in them.

use strait_wire::message::delete_groups::{DeleteGroupsRequest, DeleteGroupsResponse};
use strait_wire::message::describe_groups::{DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroup};
use strait_wire::message::list_groups::{ListGroupsRequest, ListGroupsResponse};

use super::GroupResults;
use super::coordinators::{ask_in_chunks, refused};
use crate::admin::result;
use crate::cluster::Cluster;
use crate::error::{ClientError, ConnectionError};
use crate::retry::retry;

/// The protocol type of consumers; Connect's workers, for one, have another.
const CONSUMER: &str = "consumer";

/// A group as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupListing {
    pub group_id: String,
    /// `consumer`, another protocol's name, or nothing where only offsets were ever committed.
    pub protocol_type: String,
    /// Kafka's name, such as `Stable`; nothing from brokers before 2.6.
    pub state: String,
    /// `classic`, `consumer` and so on; nothing from brokers before 3.8.
    pub group_type: String,
}

/// A group and its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDescription {
    /// Kafka's name: `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable` or `Dead`.
    pub state: String,
    pub protocol_type: String,
    /// The assignor that was chosen.
    pub protocol: String,
    pub members: Vec<GroupMember>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    pub member_id: String,
    pub group_instance_id: Option<String>,
    pub client_id: String,
    pub client_host: String,
    /// What the member told when it joined; nothing while the group rebalances.
    pub metadata: bytes::Bytes,
    /// The assignment as the assignor encoded it.
    pub assignment: bytes::Bytes,
}

impl GroupListing {
    /// Whether consumers commit to it: Connect's workers and others are no groups of consumers.
    pub fn is_of_consumers(&self) -> bool {
        self.protocol_type.is_empty() || self.protocol_type == CONSUMER
    }
}

impl Cluster {
    /// All groups of all coordinators.
    pub async fn list_groups(&self) -> Result<Vec<GroupListing>, ClientError> {
        let mut listed = Vec::new();
        let brokers = self.refresh(Some(&[])).await?;
        for broker in brokers.brokers.keys().copied() {
            let response = retry(self.config().operation_timeout, || self.groups_of(broker)).await?;
            listed.extend(response.groups.into_iter().map(|group| GroupListing {
                group_id: group.group_id,
                protocol_type: group.protocol_type,
                state: group.group_state,
                group_type: group.group_type,
            }));
        }
        listed.sort_by(|one, other| one.group_id.cmp(&other.group_id));
        Ok(listed)
    }

    async fn groups_of(&self, broker: i32) -> Result<ListGroupsResponse, ClientError> {
        let connection = self.connection_to(broker).await?;
        let response = connection.call(&ListGroupsRequest::default()).await?;
        result(response.error_code, None).map_err(refused::<ListGroupsRequest>)?;
        Ok(response)
    }

    /// States and members of classic groups. Of a group that does not exist a coordinator says that it is `Dead`, or
    /// gives GROUP_ID_NOT_FOUND (KIP-1043); a group of the new consumer protocol has another description.
    pub async fn describe_groups(
        &self,
        groups: &[String],
    ) -> Result<GroupResults<GroupDescription>, ClientError> {
        self.ask_coordinators(groups, async |connection, _, groups| {
            let version = connection.version_of::<DescribeGroupsRequest>().map_err(ConnectionError::from)?;
            let request = |groups| DescribeGroupsRequest { groups, ..Default::default() };
            let described =
                |response: DescribeGroupsResponse| response.groups.into_iter().map(description).collect();
            Ok(ask_in_chunks(connection, version, groups, request, described).await?)
        })
        .await
    }

    /// Removes groups that have no members, with what they committed.
    pub async fn delete_groups(&self, groups: &[String]) -> Result<GroupResults<()>, ClientError> {
        self.ask_coordinators(groups, async |connection, _, groups| {
            let version = connection.version_of::<DeleteGroupsRequest>().map_err(ConnectionError::from)?;
            let request = |groups_names| DeleteGroupsRequest { groups_names };
            let deleted = |response: DeleteGroupsResponse| {
                let results = response.results.into_iter();
                results.map(|group| (group.group_id, result(group.error_code, None))).collect()
            };
            Ok(ask_in_chunks(connection, version, groups, request, deleted).await?)
        })
        .await
    }
}

fn description(group: DescribedGroup) -> (String, Result<GroupDescription, crate::BrokerError>) {
    let members = group.members.into_iter().map(|member| GroupMember {
        member_id: member.member_id,
        group_instance_id: member.group_instance_id,
        client_id: member.client_id,
        client_host: member.client_host,
        metadata: member.member_metadata,
        assignment: member.member_assignment,
    });
    let description = GroupDescription {
        state: group.group_state,
        protocol_type: group.protocol_type,
        protocol: group.protocol_data,
        members: members.collect(),
    };
    (group.group_id, result(group.error_code, group.error_message).map(|()| description))
}
