//! Offsets of groups: who may commit them, and what is read back.

use anyhow::{Context, Result};
use strait_wire::message::add_offsets_to_txn::AddOffsetsToTxnRequest;
use strait_wire::message::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use strait_wire::message::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use strait_wire::message::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use strait_wire::message::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};

use super::compare;
use super::golden::Answers;
use super::groups::{Group, wait_for_coordinator};
use super::peer::Peer;
use super::requests::{self, error};
use super::transactions::{self, Producer};
use crate::wire::Wire;

const COMMIT: i16 = 9;
const FETCH: i16 = 9;
/// Of TxnOffsetCommit: the group is added by AddOffsetsToTxn before.
const ADDED_BEFORE: i16 = 4;
/// Of EndTxn; the epoch stays.
const END: i16 = 3;
const TOPIC: &str = "committed";
const ID: &str = "commits";

/// A member, as it calls itself.
#[derive(Clone, Copy)]
struct Who<'a> {
    generation: i32,
    member: &'a str,
    instance: Option<&'a str>,
}

const ADMINISTRATOR: Who<'_> = Who { generation: -1, member: "", instance: None };

struct Offsets {
    wire: Wire,
    group: String,
    answers: Answers,
}

impl Offsets {
    fn note(&mut self, what: &str, answer: impl Into<String>) {
        self.answers.add_step(&self.group, what, answer);
    }

    fn commit(&mut self, what: &str, who: Who<'_>, offset: i64, metadata: Option<&str>) -> Result<()> {
        self.commit_to(what, who, (TOPIC, 0, offset), metadata)
    }

    fn commit_to(
        &mut self,
        what: &str,
        who: Who<'_>,
        (topic, partition_index, committed_offset): (&str, i32, i64),
        metadata: Option<&str>,
    ) -> Result<()> {
        let partition = OffsetCommitRequestPartition {
            partition_index,
            committed_offset,
            committed_leader_epoch: 0,
            committed_metadata: metadata.map(str::to_owned),
        };
        let topic = OffsetCommitRequestTopic {
            name: topic.to_owned(),
            partitions: vec![partition],
            ..Default::default()
        };
        let request = OffsetCommitRequest {
            group_id: self.group.clone(),
            generation_id_or_member_epoch: who.generation,
            member_id: who.member.to_owned(),
            group_instance_id: who.instance.map(str::to_owned),
            topics: vec![topic],
            ..Default::default()
        };
        let answer = self.wire.ask(&request, COMMIT)?;
        let partition = answer.topics.first().and_then(|topic| topic.partitions.first());
        let code = partition.context("a partition")?.error_code;
        self.note(
            &format!("{what}: commit {committed_offset} in generation {}", who.generation),
            error(code),
        );
        Ok(())
    }

    /// Partitions 0 and 1, a partition and a topic that are not there; or all that there is.
    fn read(&mut self, what: &str, require_stable: bool, is_all: bool) -> Result<()> {
        let wanted = |name: &str, partition_indexes| OffsetFetchRequestTopics {
            name: name.to_owned(),
            partition_indexes,
            ..Default::default()
        };
        let topics = vec![wanted(TOPIC, vec![0, 1, 7]), wanted("missing", vec![0])];
        let group = OffsetFetchRequestGroup {
            group_id: self.group.clone(),
            topics: (!is_all).then_some(topics),
            ..Default::default()
        };
        let request = OffsetFetchRequest { groups: vec![group], require_stable, ..Default::default() };
        let answer = self.wire.ask(&request, FETCH)?;
        let group = answer.groups.first().context("a group")?;
        let mut found = Vec::new();
        for topic in &group.topics {
            found.extend(topic.partitions.iter().map(|partition| {
                let metadata = partition.metadata.as_ref().map(|text| text.get(..20).unwrap_or(text));
                format!(
                    "{} {}: {} {} epoch {} {metadata:?}",
                    topic.name,
                    partition.partition_index,
                    error(partition.error_code),
                    partition.committed_offset,
                    partition.committed_leader_epoch
                )
            }));
        }
        found.sort();
        let kind = if require_stable { "stable" } else { "any" };
        let text = format!("{}: {}", error(group.error_code), found.join("; "));
        self.note(&format!("{what}: read {kind}, {}", if is_all { "all" } else { "some" }), text);
        Ok(())
    }

    fn delete(&mut self, what: &str, partition_index: i32) -> Result<()> {
        let partitions = vec![OffsetDeleteRequestPartition { partition_index }];
        let topic = OffsetDeleteRequestTopic { name: TOPIC.to_owned(), partitions };
        let request = OffsetDeleteRequest { group_id: self.group.clone(), topics: vec![topic] };
        let answer = self.wire.ask(&request, 0)?;
        let partition = answer.topics.first().and_then(|topic| topic.partitions.first());
        let code = partition.map(|partition| error(partition.error_code));
        self.note(
            &format!("{what}: delete offset of {partition_index}"),
            format!("{}, {code:?}", error(answer.error_code)),
        );
        Ok(())
    }

    fn commit_in_transaction(
        &mut self,
        what: &str,
        producer: Producer,
        offset: i64,
        who: Who<'_>,
    ) -> Result<()> {
        let partition = TxnOffsetCommitRequestPartition {
            partition_index: 1,
            committed_offset: offset,
            committed_metadata: Some("in a transaction".to_owned()),
            ..Default::default()
        };
        let topic = TxnOffsetCommitRequestTopic { name: TOPIC.to_owned(), partitions: vec![partition] };
        let request = TxnOffsetCommitRequest {
            transactional_id: ID.to_owned(),
            group_id: self.group.clone(),
            producer_id: producer.producer_id,
            producer_epoch: producer.epoch,
            generation_id: who.generation,
            member_id: who.member.to_owned(),
            group_instance_id: who.instance.map(str::to_owned),
            topics: vec![topic],
        };
        let answer = self.wire.ask(&request, ADDED_BEFORE)?;
        let partition = answer.topics.first().and_then(|topic| topic.partitions.first());
        let code = partition.context("a partition")?.error_code;
        self.note(&format!("{what}: commit {offset} in a transaction"), error(code));
        Ok(())
    }
}

fn offsets(peer: &Peer, group: &str) -> Result<Offsets> {
    Ok(Offsets { wire: peer.wire()?, group: group.to_owned(), answers: Answers::default() })
}

/// Nobody is in the group.
fn without_members(peer: &mut Peer) -> Result<Answers> {
    let mut offsets = offsets(peer, "alone")?;
    offsets.read("nothing", false, false)?;
    offsets.read("nothing", false, true)?;
    offsets.delete("nothing", 0)?;
    offsets.commit("a member of no group", Who { generation: 1, member: "x", ..ADMINISTRATOR }, 3, None)?;
    offsets.commit("a member without generation", Who { member: "x", ..ADMINISTRATOR }, 4, None)?;
    offsets.commit("an administrator", ADMINISTRATOR, 5, Some("note"))?;
    offsets.read("after it", false, false)?;
    offsets.commit("metadata of 4096 bytes", ADMINISTRATOR, 6, Some(&"m".repeat(4_096)))?;
    offsets.commit("metadata of 4097 bytes", ADMINISTRATOR, 7, Some(&"m".repeat(4_097)))?;
    offsets.commit("no metadata", ADMINISTRATOR, 8, None)?;
    offsets.read("after it", true, true)?;
    offsets.commit("a negative offset", ADMINISTRATOR, -1, None)?;
    offsets.commit("an offset of -5", ADMINISTRATOR, -5, None)?;
    for (topic, partition) in [("missing", 0), (TOPIC, 7), ("", 0), (TOPIC, -1)] {
        let what = format!("partition {partition} of `{topic}`");
        offsets.commit_to(&what, ADMINISTRATOR, (topic, partition, 9), None)?;
    }
    offsets.read("at the end", false, true)?;
    offsets.delete("there", 0)?;
    offsets.delete("not there", 7)?;
    offsets.read("after deletion", false, true)?;
    let name = std::mem::take(&mut offsets.group);
    offsets.commit("a group without a name", ADMINISTRATOR, 5, None)?;
    offsets.group = name;
    Ok(offsets.answers)
}

fn with_a_member(peer: &mut Peer) -> Result<Answers> {
    let mut group = Group::open(peer, "peopled")?;
    let mut offsets = offsets(peer, "peopled")?;
    let id = group.join("first", "")?;
    offsets.commit("pending", Who { generation: -1, member: &id, instance: None }, 1, None)?;
    group.join("with its id", &id)?;
    let own = Who { generation: 1, member: &id, instance: None };
    offsets.commit("before it has an assignment", own, 2, None)?;
    group.sync("with its assignment", 1, &id)?;
    offsets.commit("stable", own, 3, None)?;
    offsets.commit("an old generation", Who { generation: 0, ..own }, 4, None)?;
    offsets.commit("a generation to come", Who { generation: 2, ..own }, 5, None)?;
    offsets.commit("no generation", Who { generation: -1, ..own }, 6, None)?;
    offsets.commit("somebody else", Who { member: "x", ..own }, 7, None)?;
    offsets.commit("an administrator", ADMINISTRATOR, 8, None)?;
    offsets.commit("an instance", Who { instance: Some("i"), ..own }, 9, None)?;
    offsets.read("stable", false, true)?;
    offsets.delete("of a topic that nobody reads", 0)?;
    group.leave("the only member", &id)?;
    offsets.commit("after it left", own, 10, None)?;
    offsets.commit("an administrator", ADMINISTRATOR, 11, None)?;
    offsets.read("at the end", false, true)?;
    Ok(offsets.answers)
}

fn in_transactions(peer: &mut Peer) -> Result<Answers> {
    let mut offsets = offsets(peer, "transacted")?;
    let producer = transactions::init(&mut offsets.wire, ID)?;
    offsets.commit_in_transaction("before the group is added", producer, 1, ADMINISTRATOR)?;
    for committed in [true, false] {
        let request = AddOffsetsToTxnRequest {
            transactional_id: ID.to_owned(),
            producer_id: producer.producer_id,
            producer_epoch: producer.epoch,
            group_id: offsets.group.clone(),
        };
        let added = offsets.wire.ask(&request, 3)?;
        offsets.note("the group is added", error(added.error_code));
        // So that the end of the transaction can be seen in a log.
        let code = transactions::add(&mut offsets.wire, ID, producer, TOPIC)?;
        offsets.note("and a partition", error(code));
        let older = Producer { epoch: producer.epoch - 1, ..producer };
        offsets.commit_in_transaction("an older epoch", older, 2, ADMINISTRATOR)?;
        offsets.commit_in_transaction("the producer", producer, 20, ADMINISTRATOR)?;
        let stranger = Who { generation: 1, member: "x", ..ADMINISTRATOR };
        offsets.commit_in_transaction("a member of no group", producer, 3, stranger)?;
        offsets.read("pending", false, false)?;
        offsets.read("pending", true, false)?;
        offsets.read("pending", true, true)?;
        offsets.delete("pending", 1)?;
        let (answer, _) = transactions::end(&mut offsets.wire, (ID, TOPIC), producer, committed, END)?;
        offsets.note(if committed { "commit" } else { "abort" }, answer);
        offsets.wait_until_stable()?;
        offsets.read("ended", true, false)?;
        offsets.commit_to("outside", ADMINISTRATOR, (TOPIC, 1, 30), Some("outside"))?;
    }
    offsets.read("at the end", true, true)?;
    Ok(offsets.answers)
}

impl Offsets {
    /// The coordinator has its marker a moment after the logs have theirs.
    fn wait_until_stable(&mut self) -> Result<()> {
        use strait_cluster_tests::wait::{self, Attempt};
        wait::until("nothing is pending", std::time::Duration::from_secs(30), || {
            let topic = OffsetFetchRequestTopics {
                name: TOPIC.to_owned(),
                partition_indexes: vec![1],
                ..Default::default()
            };
            let group = OffsetFetchRequestGroup {
                group_id: self.group.clone(),
                topics: Some(vec![topic]),
                ..Default::default()
            };
            let request =
                OffsetFetchRequest { groups: vec![group], require_stable: true, ..Default::default() };
            let answer = self.wire.ask(&request, FETCH)?;
            let partitions = answer.groups.iter().flat_map(|group| group.topics.iter());
            let mut partitions = partitions.flat_map(|topic| topic.partitions.iter());
            Ok(match partitions.all(|partition| partition.error_code == 0) {
                true => Attempt::Done(()),
                false => Attempt::NotYet(format!("{answer:?}")),
            })
        })
    }
}

fn scenario(peer: &mut Peer) -> Result<Answers> {
    let mut wire = peer.wire()?;
    wait_for_coordinator(&mut wire)?;
    requests::create(&mut wire, TOPIC, 2, &[("retention.ms", "-1")])?;
    Answers::in_turn(peer, &[without_members, with_a_member, in_transactions])
}

#[test]
fn offsets_are_committed_as_with_kafka() {
    compare("commits", &[], scenario);
}
