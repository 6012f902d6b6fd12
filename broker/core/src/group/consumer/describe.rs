//! What ConsumerGroupDescribe and ListGroups tell of a group.

use strait_wire::ids::Uuid;
use strait_wire::message::consumer_group_describe::{
    Assignment, DescribedGroup, Member as DescribedMember, TopicPartitions,
};
use strait_wire::message::list_groups::ListedGroup;

use super::{ConsumerGroup, Member};
use crate::group::cluster::Cluster;

const CLASSIC_MEMBER: i8 = 0;
const CONSUMER_MEMBER: i8 = 1;

impl ConsumerGroup {
    pub(in crate::group) fn describe(&self, cluster: &dyn Cluster) -> DescribedGroup {
        DescribedGroup {
            group_id: self.id.clone(),
            group_state: self.state().name().to_owned(),
            group_epoch: self.epoch,
            assignment_epoch: self.assignment_epoch,
            assignor_name: self.assignor().name().to_owned(),
            members: self
                .members
                .iter()
                .map(|(id, member)| self.describe_member(id, member, cluster))
                .collect(),
            ..DescribedGroup::default()
        }
    }

    fn describe_member(&self, id: &str, member: &Member, cluster: &dyn Cluster) -> DescribedMember {
        let Member { metadata, current } = member;
        let assigned = current.assigned.iter();
        let assigned = assigned.map(|(topic, partitions)| (*topic, partitions.keys().copied().collect()));
        let target = self.targets.get(id).into_iter().flatten();
        let target = target.map(|(topic, partitions)| (*topic, partitions.iter().copied().collect()));
        DescribedMember {
            member_id: id.to_owned(),
            instance_id: metadata.instance_id.clone(),
            rack_id: metadata.rack_id.clone(),
            member_epoch: current.epoch,
            client_id: metadata.client_id.clone(),
            client_host: metadata.client_host.clone(),
            subscribed_topic_names: metadata.subscribed_topic_names.clone(),
            subscribed_topic_regex: member.regex().map(str::to_owned),
            assignment: described(assigned, cluster),
            target_assignment: described(target, cluster),
            member_type: if member.is_classic() { CLASSIC_MEMBER } else { CONSUMER_MEMBER },
        }
    }

    pub(in crate::group) fn list(&self) -> ListedGroup {
        ListedGroup {
            group_id: self.id.clone(),
            protocol_type: "consumer".to_owned(),
            group_state: self.state().name().to_owned(),
            group_type: "consumer".to_owned(),
        }
    }
}

/// Topics that are gone have no name and are left out.
fn described(topics: impl Iterator<Item = (Uuid, Vec<i32>)>, cluster: &dyn Cluster) -> Assignment {
    let named = topics.filter_map(|(topic_id, partitions)| {
        let topic_name = cluster.topic_name(topic_id)?;
        Some(TopicPartitions { topic_id, topic_name, partitions })
    });
    Assignment { topic_partitions: named.collect() }
}
