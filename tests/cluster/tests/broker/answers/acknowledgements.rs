//! Requests to produce that are odd as a whole: acknowledgements, places, sizes.

use anyhow::{Context, Result};
use strait_wire::ids::Uuid;
use strait_wire::message::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};
use strait_wire::record_data::RecordData;

use super::compare;
use super::forged::{Forged, Part};
use super::golden::Answers;
use super::peer::Peer;
use super::requests::{self, place, produce_request};
use crate::wire::Wire;

const TOPIC: &str = "acked";
const VERSION: i16 = 9;
/// First version of Produce with topics by id.
const BY_ID: i16 = 13;

fn plain() -> ProduceRequest {
    produce_request(TOPIC, None, Forged::plain(0).bytes().into())
}

fn data(index: i32, batch: &Forged) -> PartitionProduceData {
    PartitionProduceData { index, records: Some(RecordData::single(batch.bytes().into())) }
}

fn describe(answer: &ProduceResponse) -> String {
    let mut places: Vec<String> = Vec::new();
    for topic in &answer.responses {
        let of_topic = |index, place: String| format!("{} {index} {place}", topic.name);
        places.extend(topic.partition_responses.iter().map(|answer| of_topic(answer.index, place(answer))));
    }
    // Kafka answers in the order of a hash.
    places.sort();
    places.join("; ")
}

fn acks(peer: &Peer, wire: &mut Wire, answers: &mut Answers) -> Result<()> {
    for acks in [-1, 1, 0, 2, -2, i16::MAX] {
        let request = ProduceRequest { acks, ..plain() };
        match acks {
            0 => wire.tell(&request, VERSION)?,
            _ => answers.add(format!("acks {acks}"), describe(&wire.ask(&request, VERSION)?)),
        }
    }
    // What was sent without acknowledgement is there, and its connection goes on.
    answers.add("after acks 0", describe(&wire.ask(&plain(), VERSION)?));
    let mut other = peer.wire()?;
    let refused = produce_request(TOPIC, None, Forged { base_offset: 9, ..Forged::plain(0) }.bytes().into());
    other.tell(&ProduceRequest { acks: 0, ..refused }, VERSION)?;
    let next = other.ask(&plain(), VERSION);
    answers.add(
        "after an error without acknowledgement",
        next.map_or_else(|error| missing(&error), |next| describe(&next)),
    );
    Ok(())
}

/// Why there is no answer.
fn missing(error: &anyhow::Error) -> String {
    let kind = error.root_cause().downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    if kind == Some(std::io::ErrorKind::WouldBlock) { "silence".to_owned() } else { "closed".to_owned() }
}

fn places(peer: &Peer, answers: &mut Answers) -> Result<()> {
    let mut ask = |what: &str, request: ProduceRequest| -> Result<()> {
        let answer = peer.wire()?.ask(&request, VERSION);
        answers.add(what, answer.map_or_else(|error| missing(&error), |answer| describe(&answer)));
        Ok(())
    };
    let to = |name: &str| produce_request(name, None, Forged::plain(0).bytes().into());
    ask("a topic that is not there", to("missing"))?;
    ask("a topic without a name", to(""))?;
    ask("a topic with a name that may not be", to("a b"))?;
    ask("the offsets of groups", to("__consumer_offsets"))?;
    let with = |partitions: Vec<PartitionProduceData>| {
        let mut request = plain();
        request.topic_data[0].partition_data = partitions;
        request
    };
    let good = Forged::plain(0);
    let bad = Forged { base_offset: 1, ..good.clone() };
    ask("partition 7", with(vec![data(7, &good)]))?;
    ask("partition -1", with(vec![data(-1, &good)]))?;
    ask("one good, one bad, one missing", with(vec![data(0, &good), data(1, &bad), data(7, &good)]))?;
    ask("one partition twice", with(vec![data(1, &good), data(1, &good)]))?;
    ask("no partition", with(Vec::new()))?;
    ask("no topic", ProduceRequest { topic_data: Vec::new(), ..plain() })?;
    ask("null records", with(vec![PartitionProduceData { index: 0, records: None }]))?;
    let transactional = Forged { attributes: 1 << 4, ..Forged::from_producer(9, 0, 0, 1) };
    ask("one transactional without id, one good", with(vec![data(0, &transactional), data(1, &good)]))?;
    let topic = |name: &str| TopicProduceData {
        name: name.to_owned(),
        partition_data: vec![data(0, &good)],
        ..Default::default()
    };
    let twice = ProduceRequest { topic_data: vec![topic(TOPIC), topic(TOPIC), topic("missing")], ..plain() };
    ask("one topic twice, one missing", twice)?;
    ask("a timeout of -1", ProduceRequest { timeout_ms: -1, ..plain() })
}

fn sizes(wire: &mut Wire, answers: &mut Answers) -> Result<()> {
    requests::create(wire, "default-size", 1, &[])?;
    let settings = [("segment.bytes", "1048576"), ("max.message.bytes", "4194304")];
    requests::create(wire, "small-segments", 1, &settings)?;
    for topic in ["default-size", "small-segments"] {
        for size in [1_048_515, 1_048_588, 1_048_589, 2_000_000, 5_000_000] {
            let batch = sized(size)?;
            let answer = requests::produce(wire, VERSION, topic, None, batch.into())?;
            answers.add(format!("{size} bytes to {topic}"), place(&answer));
        }
    }
    Ok(())
}

/// A batch of exactly this many bytes.
fn sized(size: usize) -> Result<Vec<u8>> {
    let with_tail = |length: usize| {
        let value: &'static str = "x".repeat(length).leak();
        Forged::of(0, vec![Part { value: Some(value), ..Part::at(0) }.bytes()]).bytes()
    };
    let overhead = with_tail(size).len() - size;
    let exact = (0..4).map(|less| with_tail(size - overhead + less)).find(|bytes| bytes.len() == size);
    exact.context("a batch of that size")
}

fn versions(wire: &mut Wire, answers: &mut Answers) -> Result<()> {
    for version in 3..=12 {
        let answer = wire.ask(&plain(), version)?;
        answers.add(format!("version {version}"), describe(&answer));
    }
    let mut request = plain();
    for (what, topic_id) in [("unknown", Uuid([7; 16])), ("zero", Uuid::ZERO)] {
        request.topic_data[0].topic_id = topic_id;
        let answer = wire.ask(&request, BY_ID)?;
        answers.add(format!("topic id {what}"), describe(&answer));
    }
    Ok(())
}

fn scenario(peer: &mut Peer) -> Result<Answers> {
    let mut wire = peer.wire()?;
    let mut answers = Answers::default();
    requests::create(&mut wire, TOPIC, 2, &[("retention.ms", "-1")])?;
    acks(peer, &mut wire, &mut answers)?;
    places(peer, &mut answers)?;
    sizes(&mut wire, &mut answers)?;
    versions(&mut wire, &mut answers)?;
    Ok(answers)
}

#[test]
fn requests_to_produce_are_answered_as_by_kafka() {
    compare("acknowledgements", &[], scenario);
}
