//! Consumer groups: commits and fetches, and what administrators do.

use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use strait_wire::message::offset_fetch::OffsetFetchRequestGroup;

use super::consumers::{beat, given, having, joining, set, shard};
use super::*;

impl Shard {
    fn commit_for(&mut self, member: &str, epoch: i32, partition: i32, version: i16) -> ErrorCode {
        let partition = OffsetCommitRequestPartition {
            partition_index: partition,
            committed_offset: 7,
            ..Default::default()
        };
        let topic = OffsetCommitRequestTopic {
            name: "t".to_owned(),
            partitions: vec![partition],
            ..Default::default()
        };
        let request = OffsetCommitRequest {
            group_id: GROUP.to_owned(),
            generation_id_or_member_epoch: epoch,
            member_id: member.to_owned(),
            topics: vec![topic],
            ..OffsetCommitRequest::default()
        };
        let outcome = self.groups.commit(&request, version, &self.cluster, self.now_ms);
        self.perform(outcome.effects, None);
        ErrorCode(outcome.response.topics[0].partitions[0].error_code)
    }

    fn fetch_as(&self, member: Option<&str>, epoch: i32) -> ErrorCode {
        let request = OffsetFetchRequestGroup {
            group_id: GROUP.to_owned(),
            member_id: member.map(str::to_owned),
            member_epoch: epoch,
            ..Default::default()
        };
        ErrorCode(self.groups.fetch(&request, false).error_code)
    }
}

#[test]
fn commits_and_fetches_need_the_epoch() {
    let (mut shard, topic) = shard();
    shard.consumer(&joining("a", &["t"]));
    shard.pass(2_000);
    shard.consumer(&joining("b", &["t"]));
    shard.consumer(&beat("a", 2));
    assert_eq!(shard.commit_for("a", 2, 3, 9), ErrorCode::NONE, "what it gives away is its own until then");
    shard.consumer(&having(beat("a", 2), &set(topic, 0..2)));
    assert_eq!(given(&shard.consumer(&beat("b", 3))), Some(set(topic, 2..4)));
    for (member, epoch, partition, version, code) in [
        ("a", 3, 0, 9, ErrorCode::NONE),
        ("a", 2, 0, 9, ErrorCode::NONE),
        ("a", 2, 3, 9, ErrorCode::STALE_MEMBER_EPOCH),
        ("a", 4, 0, 9, ErrorCode::STALE_MEMBER_EPOCH),
        ("b", 2, 3, 9, ErrorCode::STALE_MEMBER_EPOCH),
        ("other", 3, 0, 9, ErrorCode::UNKNOWN_MEMBER_ID),
        ("", -1, 0, 9, ErrorCode::UNKNOWN_MEMBER_ID),
        ("a", 3, 0, 8, ErrorCode::UNSUPPORTED_VERSION),
    ] {
        assert_eq!(shard.commit_for(member, epoch, partition, version), code, "{member} {epoch} {partition}");
    }
    for (member, epoch, code) in [
        (Some("a"), 3, ErrorCode::NONE),
        (Some("a"), 2, ErrorCode::STALE_MEMBER_EPOCH),
        (Some("other"), 3, ErrorCode::UNKNOWN_MEMBER_ID),
        (None, -1, ErrorCode::NONE),
    ] {
        assert_eq!(shard.fetch_as(member, epoch), code, "{member:?} {epoch}");
    }
}

#[test]
fn administrators_see_and_delete_it() {
    let (mut shard, topic) = shard();
    shard.consumer(&joining("a", &["t"]));
    let listed = shard.groups.list(&["stable".to_owned()], &["Consumer".to_owned()]);
    let names: Vec<_> =
        listed.iter().map(|group| (group.group_id.as_str(), group.protocol_type.as_str())).collect();
    assert_eq!(names, [(GROUP, "consumer")]);
    let described = shard.groups.describe_consumer(GROUP, &shard.cluster);
    assert_eq!((described.group_epoch, described.assignment_epoch), (2, 2));
    assert_eq!(described.assignor_name, "uniform");
    let assigned = &described.members[0].assignment.topic_partitions[0];
    assert_eq!((assigned.topic_id, assigned.topic_name.as_str(), assigned.partitions.len()), (topic, "t", 4));
    let classic = shard.groups.describe(GROUP, 6);
    assert_eq!(classic.error_code, ErrorCode::GROUP_ID_NOT_FOUND.0);
    assert_eq!(classic.error_message.as_deref(), Some("Group g is not a classic group."));
    assert_eq!(shard.groups.delete(GROUP).response, ErrorCode::NON_EMPTY_GROUP);
    shard.commit_for("a", 2, 0, 9);
    shard.consumer(&beat("a", -1));
    let deleted = shard.groups.delete(GROUP);
    assert_eq!(deleted.response, ErrorCode::NONE);
    shard.perform(deleted.effects, None);
    let reloaded = shard.reloaded();
    assert_eq!(reloaded.list(&[], &[]), []);
    assert_eq!(reloaded.offsets().of_group(GROUP).count(), 0);
}

#[test]
fn empty_groups_change_their_type() {
    let (mut shard, topic) = shard();
    shard.commit("", -1, 7);
    let first = shard.consumer(&joining("a", &["t"]));
    assert_eq!(given(&first), Some(set(topic, 0..4)));
    assert!(shard.groups.classic(GROUP).is_none());
    assert_eq!(shard.groups.offsets().of_group(GROUP).count(), 1, "offsets stay");
    shard.consumer(&beat("a", -1));
    shard.stable(1);
    assert!(shard.groups.consumer(GROUP).is_none());
    let reloaded = shard.reloaded();
    assert!(reloaded.consumer(GROUP).is_none() && reloaded.classic(GROUP).is_some());
    assert_eq!(reloaded.offsets().of_group(GROUP).count(), 1);
}

#[test]
fn a_group_has_a_largest_size() {
    let mut shard = Shard::with(GroupSettings { consumer_max_size: 1, ..GroupSettings::default() });
    shard.cluster.put("t", 4);
    shard.consumer(&joining("a", &["t"]));
    assert_eq!(shard.refused(&joining("b", &["t"])), ErrorCode::GROUP_MAX_SIZE_REACHED);
    assert_eq!(shard.consumer(&joining("a", &["t"])).error_code, 0);
}
