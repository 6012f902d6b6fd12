//! What is read from where, under which limits, and sessions of readers.

use anyhow::{Context, Result};
use strait_wire::batch::BatchHeader;
use strait_wire::ids::Uuid;
use strait_wire::message::create_topics::{CreatableTopic, CreateTopicsRequest};
use strait_wire::message::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, ForgottenTopic, PartitionData,
};

use super::compare;
use super::forged::Forged;
use super::golden::Answers;
use super::list_offsets::fill;
use super::peer::Peer;
use super::requests::{self, FETCH, error};
use crate::wire::Wire;

const TOPIC: &str = "read";
const ZSTD: i16 = 4;
/// First version of Fetch with topics by id.
const BY_ID: i16 = 13;

/// Base offsets of the batches that came.
fn batches(data: &PartitionData) -> String {
    let bytes = data.records.clone().unwrap_or_default().into_bytes();
    let mut rest = &bytes[..];
    let mut offsets = Vec::new();
    while let Some(header) = BatchHeader::peek(rest) {
        match header.total_size().and_then(|size| rest.get(size..)) {
            Some(next) => (offsets.push(header.base_offset.to_string()), rest = next).1,
            None => {
                offsets.push("cut".to_owned());
                break;
            }
        }
    }
    offsets.join(",")
}

fn describe(data: &PartitionData) -> String {
    let aborted = data.aborted_transactions.as_ref().map_or("null".to_owned(), |aborted| {
        aborted.iter().map(|one| one.first_offset.to_string()).collect::<Vec<_>>().join(",")
    });
    let diverging = match &data.diverging_epoch {
        epoch if epoch.epoch == -1 && epoch.end_offset == -1 => String::new(),
        epoch => format!(" diverging epoch {} end {}", epoch.epoch, epoch.end_offset),
    };
    format!(
        "{} {}: batches [{}] high watermark {} stable {} start {} aborted [{aborted}]{diverging}",
        data.partition_index,
        error(data.error_code),
        batches(data),
        data.high_watermark,
        data.last_stable_offset,
        data.log_start_offset
    )
}

fn describe_all(answer: &FetchResponse) -> String {
    let partitions = answer.responses.iter().flat_map(|topic| topic.partitions.iter());
    let partitions: Vec<String> = partitions.map(describe).collect();
    format!("{}; {}", error(answer.error_code), partitions.join("; "))
}

fn asked(partition: i32, fetch_offset: i64) -> FetchPartition {
    FetchPartition { partition, fetch_offset, partition_max_bytes: 1 << 20, ..Default::default() }
}

fn request(partitions: Vec<FetchPartition>) -> FetchRequest {
    let topic = FetchTopic { topic: TOPIC.to_owned(), partitions, ..Default::default() };
    FetchRequest { max_wait_ms: 10, min_bytes: 1, topics: vec![topic], ..Default::default() }
}

fn offsets(wire: &mut Wire, answers: &mut Answers) -> Result<()> {
    for offset in [-1, 0, 1, 3, 4, 6, 8, 9, 11, 12, 13, 14, 15, 16, 17, i64::MAX] {
        for (isolation, isolation_level) in [("uncommitted", 0), ("committed", 1)] {
            let request = FetchRequest { isolation_level, ..request(vec![asked(0, offset)]) };
            let answer = wire.ask(&request, FETCH)?;
            answers.add(format!("{isolation} from {offset}"), describe_all(&answer));
        }
    }
    Ok(())
}

/// A batch that is larger than every limit comes whole, and alone.
fn limits(wire: &mut Wire, answers: &mut Answers) -> Result<()> {
    for (total, each) in
        [(1, 1), (0, 0), (1, 1 << 20), (1 << 20, 1), (150, 1 << 20), (250, 1 << 20), (1 << 20, 150)]
    {
        // One of committed records is enough: what was aborted is told otherwise by Kafka.
        for isolation_level in 0..=i8::from((total, each) == (1 << 20, 1)) {
            let limited = |partition| FetchPartition { partition_max_bytes: each, ..asked(partition, 0) };
            let request =
                FetchRequest { max_bytes: total, isolation_level, ..request(vec![limited(0), limited(1)]) };
            let answer = wire.ask(&request, FETCH)?;
            answers.add(
                format!("at most {total} in all and {each} of each, isolation {isolation_level}"),
                describe_all(&answer),
            );
        }
    }
    Ok(())
}

fn places_and_epochs(wire: &mut Wire, answers: &mut Answers) -> Result<()> {
    for (what, partition) in [
        ("partition 7", asked(7, 0)),
        ("partition -1", asked(-1, 0)),
        ("epoch 0", FetchPartition { current_leader_epoch: 0, ..asked(0, 15) }),
        ("epoch 1", FetchPartition { current_leader_epoch: 1, ..asked(0, 15) }),
        ("epoch -2", FetchPartition { current_leader_epoch: -2, ..asked(0, 15) }),
        ("last fetched epoch 0", FetchPartition { last_fetched_epoch: 0, ..asked(0, 15) }),
        ("last fetched epoch 0 beyond the end", FetchPartition { last_fetched_epoch: 0, ..asked(0, 99) }),
        ("last fetched epoch 1", FetchPartition { last_fetched_epoch: 1, ..asked(0, 15) }),
        ("log start 3", FetchPartition { log_start_offset: 3, ..asked(0, 15) }),
    ] {
        let answer = wire.ask(&request(vec![partition]), FETCH)?;
        answers.add(what, describe_all(&answer));
    }
    for version in 4..=12 {
        let answer = wire.ask(&request(vec![asked(1, 0)]), version)?;
        answers.add(format!("zstd in version {version}"), describe_all(&answer));
    }
    Ok(())
}

/// Session ids are random: only whether there is one is told.
fn session(answer: &FetchResponse) -> String {
    let kind = if answer.session_id == 0 { "no session" } else { "a session" };
    format!("{kind}; {}", describe_all(answer))
}

struct Session<'a> {
    wire: &'a mut Wire,
    answers: &'a mut Answers,
    id: i32,
}

impl Session<'_> {
    fn ask(&mut self, what: &str, request: FetchRequest, version: i16) -> Result<FetchResponse> {
        let answer = self.wire.ask(&request, version)?;
        self.answers.add_step("session", what, session(&answer));
        Ok(answer)
    }

    /// A request in the session with this epoch.
    fn next(&mut self, what: &str, session_epoch: i32, partitions: Vec<FetchPartition>) -> Result<()> {
        let mut request = FetchRequest { session_id: self.id, session_epoch, ..request(partitions) };
        request.topics.retain(|topic| !topic.partitions.is_empty());
        self.ask(&format!("{what}, epoch {session_epoch}"), request, FETCH).map(drop)
    }

    fn write(&mut self, partition: i32) -> Result<()> {
        let mut request = requests::produce_request(TOPIC, None, Forged::plain(0).bytes().into());
        request.topic_data[0].partition_data[0].index = partition;
        self.wire.ask(&request, 9)?;
        Ok(())
    }
}

fn sessions(wire: &mut Wire, answers: &mut Answers) -> Result<()> {
    let first = FetchRequest { session_epoch: 0, ..request(vec![asked(2, 0), asked(3, 0)]) };
    let mut session = Session { wire, answers, id: 0 };
    session.id = session.ask("created", first, FETCH)?.session_id;
    session.next("nothing new", 1, Vec::new())?;
    session.next("the same epoch again", 1, Vec::new())?;
    session.next("nothing new", 2, Vec::new())?;
    session.write(3)?;
    session.next("records in 3", 3, Vec::new())?;
    session.next("and again", 4, Vec::new())?;
    session.next("moved on", 5, vec![asked(3, 3)])?;
    session.next("nothing new", 6, Vec::new())?;
    session.write(2)?;
    session.write(3)?;
    session.next("records in both", 7, Vec::new())?;
    session.next("a partition that is not there", 8, vec![asked(9, 0), asked(2, 3), asked(3, 6)])?;
    session.next("and again", 9, Vec::new())?;
    session.next("a partition more", 10, vec![asked(4, 0)])?;
    let forgotten = ForgottenTopic { topic: TOPIC.to_owned(), partitions: vec![9, 3], ..Default::default() };
    let request = FetchRequest {
        session_id: session.id,
        session_epoch: 11,
        forgotten_topics_data: vec![forgotten],
        topics: Vec::new(),
        ..request(Vec::new())
    };
    session.ask("two are forgotten", request, FETCH)?;
    session.write(3)?;
    session.write(4)?;
    session.next("records in 3 and 4", 12, Vec::new())?;
    session.next("an epoch too far", 14, Vec::new())?;
    session.next("beyond the end", 13, vec![asked(4, 99)])?;
    session.next("and again", 14, Vec::new())?;
    let by_id = FetchRequest { session_id: session.id, session_epoch: 15, ..request_by_id(Vec::new()) };
    session.ask("by id in a session by name", by_id, BY_ID)?;
    session.next("closed", -1, vec![asked(2, 0)])?;
    session.next("after its end", 15, Vec::new())?;
    session.id = 0;
    session.next("no session, epoch 3", 3, vec![asked(2, 0)])?;
    session.next("no session wanted", -1, vec![asked(2, 0)])?;
    session.id = 123_456;
    session.next("somebody else's", 1, vec![asked(2, 0)])?;
    session.next("somebody else's made anew", 0, vec![asked(2, 0)])?;
    Ok(())
}

fn request_by_id(topics: Vec<FetchTopic>) -> FetchRequest {
    FetchRequest { max_wait_ms: 10, min_bytes: 1, topics, ..Default::default() }
}

fn by_id(wire: &mut Wire, answers: &mut Answers) -> Result<()> {
    let topic = CreatableTopic {
        name: "by-id".to_owned(),
        num_partitions: 1,
        replication_factor: 1,
        ..Default::default()
    };
    let request = CreateTopicsRequest { topics: vec![topic], timeout_ms: 30_000, ..Default::default() };
    let id = wire.ask(&request, 7)?.topics.first().context("a topic")?.topic_id;
    requests::wait_for_leader(wire, "by-id", 1)?;
    let wanted = |topic_id, partition| FetchTopic {
        topic_id,
        partitions: vec![asked(partition, 0)],
        ..Default::default()
    };
    for version in BY_ID..=17 {
        for (what, topic) in [
            ("known", wanted(id, 0)),
            ("unknown partition", wanted(id, 5)),
            ("unknown", wanted(Uuid([7; 16]), 0)),
            ("zero", wanted(Uuid::ZERO, 0)),
        ] {
            let answer = wire.ask(&request_by_id(vec![topic]), version)?;
            answers.add(format!("topic id {what}, version {version}"), describe_all(&answer));
        }
    }
    Ok(())
}

fn scenario(peer: &mut Peer) -> Result<Answers> {
    let mut wire = peer.wire()?;
    let mut answers = Answers::default();
    fill(&mut wire, TOPIC, &[])?;
    widen(&mut wire)?;
    let mut zstd = requests::produce_request(TOPIC, None, Forged::plain(ZSTD).bytes().into());
    zstd.topic_data[0].partition_data[0].index = 1;
    wire.ask(&zstd, 9)?;
    offsets(&mut wire, &mut answers)?;
    limits(&mut wire, &mut answers)?;
    places_and_epochs(&mut wire, &mut answers)?;
    sessions(&mut wire, &mut answers)?;
    by_id(&mut wire, &mut answers)?;
    Ok(answers)
}

/// Partitions 1 to 4.
fn widen(wire: &mut Wire) -> Result<()> {
    use strait_wire::message::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
    let topic = CreatePartitionsTopic { name: TOPIC.to_owned(), count: 5, assignments: None };
    wire.ask(&CreatePartitionsRequest { topics: vec![topic], timeout_ms: 10_000, validate_only: false }, 3)?;
    requests::wait_for_leader(wire, TOPIC, 5)
}

#[test]
fn records_are_fetched_as_from_kafka() {
    compare("fetch", &[], scenario);
}
