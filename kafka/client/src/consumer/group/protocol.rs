//! What members tell the group's leader, and what it gives them, as bytes.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{BufMut, Bytes, BytesMut};
use strait_wire::codec::{Decoder, Encoder, Message};
use strait_wire::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, StickyUserData, TopicPartitions, decode, encode,
};

use crate::consumer::assignor::{Member, Strategy};
use crate::consumer::error::ConsumerError;
use crate::leaders::TopicPartition;

fn unreadable(error: impl std::fmt::Display) -> ConsumerError {
    ConsumerError::Protocol { reason: error.to_string() }
}

fn by_topic<'a>(partitions: impl IntoIterator<Item = &'a TopicPartition>) -> Vec<TopicPartitions> {
    let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in partitions {
        topics.entry(topic).or_default().push(*partition);
    }
    let topics = topics.into_iter();
    topics.map(|(topic, partitions)| TopicPartitions { topic: topic.to_owned(), partitions }).collect()
}

fn flat(topics: Vec<TopicPartitions>) -> Vec<TopicPartition> {
    let topics = topics.into_iter();
    topics
        .flat_map(|topic| topic.partitions.into_iter().map(move |index| (topic.topic.clone(), index)))
        .collect()
}

/// What a member wants, and has since a generation, in the words of one strategy.
pub(crate) fn subscription(strategy: Strategy, member: &Member) -> Result<Bytes, ConsumerError> {
    let owned = by_topic(&member.owned);
    let message = ConsumerProtocolSubscription {
        topics: member.topics.iter().cloned().collect(),
        user_data: user_data(strategy, &owned, member.generation)?,
        owned_partitions: owned,
        generation_id: member.generation,
        rack_id: None,
    };
    encode(&message).map_err(unreadable)
}

fn user_data(
    strategy: Strategy,
    owned: &[TopicPartitions],
    generation: i32,
) -> Result<Option<Bytes>, ConsumerError> {
    match strategy {
        Strategy::Range | Strategy::RoundRobin => Ok(None),
        Strategy::CooperativeSticky => Ok(Some(Bytes::copy_from_slice(&generation.to_be_bytes()))),
        Strategy::Sticky => {
            let data = StickyUserData { previous_assignment: owned.to_vec(), generation };
            let mut out = Encoder::new();
            data.encode(StickyUserData::MAX_VERSION, &mut out).map_err(unreadable)?;
            let mut joined = BytesMut::new();
            out.finish().iter().for_each(|segment| joined.put_slice(segment));
            Ok(Some(joined.freeze()))
        }
    }
}

/// A member as its subscription describes it to the leader.
pub(crate) fn member(
    strategy: Strategy,
    id: &str,
    instance_id: Option<String>,
    metadata: Bytes,
) -> Result<Member, ConsumerError> {
    let message: ConsumerProtocolSubscription = decode(metadata).map_err(unreadable)?;
    let mut member = Member {
        id: id.to_owned(),
        instance_id,
        topics: message.topics.into_iter().collect(),
        owned: flat(message.owned_partitions),
        generation: message.generation_id,
    };
    match (strategy, message.user_data) {
        // What an eager member had is in the user data: it gave it up before it joined.
        (Strategy::Sticky, Some(data)) => {
            if let Some(previous) = sticky_user_data(&data) {
                member.owned = flat(previous.previous_assignment);
                member.generation = previous.generation;
            }
        }
        (Strategy::CooperativeSticky, Some(data)) if member.generation < 0 => {
            member.generation = data.first_chunk::<4>().map_or(-1, |bytes| i32::from_be_bytes(*bytes));
        }
        _ => {}
    }
    Ok(member)
}

/// User data of unknown form is treated as none, as in Kafka's clients.
fn sticky_user_data(data: &Bytes) -> Option<StickyUserData> {
    let newest = StickyUserData::decode(StickyUserData::MAX_VERSION, &mut Decoder::new(data.clone()));
    newest.or_else(|_| StickyUserData::decode(0, &mut Decoder::new(data.clone()))).ok()
}

pub(crate) fn assignment(partitions: &BTreeSet<TopicPartition>) -> Result<Bytes, ConsumerError> {
    let message = ConsumerProtocolAssignment { assigned_partitions: by_topic(partitions), user_data: None };
    encode(&message).map_err(unreadable)
}

/// What a member was given; nothing where the leader said nothing.
pub(crate) fn assigned(bytes: Bytes) -> Result<BTreeSet<TopicPartition>, ConsumerError> {
    if bytes.is_empty() {
        return Ok(BTreeSet::new());
    }
    let message: ConsumerProtocolAssignment = decode(bytes).map_err(unreadable)?;
    Ok(flat(message.assigned_partitions).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leader_reads_what_a_member_wrote() {
        let wrote = Member {
            id: "m".to_owned(),
            instance_id: None,
            topics: ["a", "b"].map(str::to_owned).into(),
            owned: vec![("a".to_owned(), 0), ("a".to_owned(), 2)],
            generation: 7,
        };
        for strategy in [Strategy::Range, Strategy::RoundRobin, Strategy::Sticky, Strategy::CooperativeSticky]
        {
            let bytes = subscription(strategy, &wrote).expect("written");
            assert_eq!(member(strategy, "m", None, bytes).expect("read"), wrote, "{strategy:?}");
        }
        let partitions = wrote.owned.iter().cloned().collect();
        assert_eq!(assigned(assignment(&partitions).expect("written")).expect("read"), partitions);
        assert!(assigned(Bytes::new()).expect("read").is_empty());
        assert!(assigned(Bytes::from_static(&[0, 1, 0])).is_err());
    }
}
