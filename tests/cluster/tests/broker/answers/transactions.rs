//! Batches inside and outside of transactions: who may write when.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use strait_cluster_tests::wait::{self, Attempt};
use strait_wire::message::add_partitions_to_txn::{AddPartitionsToTxnRequest, AddPartitionsToTxnTopic};
use strait_wire::message::end_txn::EndTxnRequest;
use strait_wire::message::find_coordinator::FindCoordinatorRequest;
use strait_wire::message::init_producer_id::InitProducerIdRequest;

use super::forged::Forged;
use super::golden::Answers;
use super::peer::Peer;
use super::requests::{self, error};
use crate::wire::Wire;

/// The bit of a batch's attributes.
pub(super) const TRANSACTIONAL: i16 = 1 << 4;
/// Of Produce: partitions are added by AddPartitionsToTxn before, or with the batch.
const ADDED_BEFORE: i16 = 9;
const ADDS_ITSELF: i16 = 12;
/// Of EndTxn: the epoch stays, or grows.
const EPOCH_STAYS: i16 = 3;
const EPOCH_GROWS: i16 = 5;
/// The kind of coordinator that transactions have.
const TRANSACTIONS: i8 = 1;
const LIMIT: Duration = Duration::from_secs(30);

/// Who writes in a transaction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Producer {
    pub(super) producer_id: i64,
    pub(super) epoch: i16,
}

/// Gets a producer for a transactional id.
pub(super) fn init(wire: &mut Wire, id: &str) -> Result<Producer> {
    let request = InitProducerIdRequest {
        transactional_id: Some(id.to_owned()),
        transaction_timeout_ms: 60_000,
        producer_id: -1,
        producer_epoch: -1,
        ..Default::default()
    };
    // Kafka makes the topic of its coordinators when somebody looks for one.
    let coordinator = FindCoordinatorRequest {
        key_type: TRANSACTIONS,
        coordinator_keys: vec![id.to_owned()],
        ..Default::default()
    };
    wait::until("a producer id", LIMIT, || {
        wire.ask(&coordinator, 4)?;
        let answer = wire.ask(&request, 4)?;
        Ok(match answer.error_code {
            0 => Attempt::Done(Producer { producer_id: answer.producer_id, epoch: answer.producer_epoch }),
            code => Attempt::NotYet(error(code)),
        })
    })
}

/// The answer to AddPartitionsToTxn for partition 0 of a topic.
pub(super) fn add(wire: &mut Wire, id: &str, producer: Producer, topic: &str) -> Result<i16> {
    let topic = AddPartitionsToTxnTopic { name: topic.to_owned(), partitions: vec![0] };
    let request = AddPartitionsToTxnRequest {
        v3_and_below_transactional_id: id.to_owned(),
        v3_and_below_producer_id: producer.producer_id,
        v3_and_below_producer_epoch: producer.epoch,
        v3_and_below_topics: vec![topic],
        ..Default::default()
    };
    let answer = wire.ask(&request, 3)?;
    let topic = answer.results_by_topic_v3_and_below.first().context("a topic")?;
    Ok(topic.results_by_partition.first().context("a partition")?.partition_error_code)
}

/// A producer with a transaction that partition 0 of a topic belongs to.
pub(super) fn begin(wire: &mut Wire, id: &str, topic: &str) -> Result<Producer> {
    let producer = init(wire, id)?;
    match add(wire, id, producer, topic)? {
        0 => Ok(producer),
        code => bail!("{}", error(code)),
    }
}

/// Commits or aborts and waits until the markers are there; gives the answer and who writes next.
pub(super) fn end(
    wire: &mut Wire,
    (id, topic): (&str, &str),
    producer: Producer,
    committed: bool,
    version: i16,
) -> Result<(String, Producer)> {
    let request = EndTxnRequest {
        transactional_id: id.to_owned(),
        producer_id: producer.producer_id,
        producer_epoch: producer.epoch,
        committed,
    };
    let answer = wire.ask(&request, version)?;
    if answer.error_code != 0 {
        return Ok((error(answer.error_code), producer));
    }
    wait::until("the markers are there", LIMIT, || {
        let log = requests::fetch(wire, topic, 0)?;
        Ok(match log.last_stable_offset == log.high_watermark {
            true => Attempt::Done(()),
            false => Attempt::NotYet(format!("stable up to {}", log.last_stable_offset)),
        })
    })?;
    if version < EPOCH_GROWS {
        return Ok((error(0), producer));
    }
    let next = Producer { producer_id: answer.producer_id, epoch: answer.producer_epoch };
    let same = if next.producer_id == producer.producer_id { "the same id" } else { "another id" };
    Ok((format!("{}, {same} with epoch {}", error(0), next.epoch), next))
}

struct Writer {
    wire: Wire,
    topic: &'static str,
    id: &'static str,
    producer: Producer,
    answers: Answers,
}

impl Writer {
    fn note(&mut self, what: &str, answer: impl Into<String>) {
        self.answers.add_step(self.topic, what, answer);
    }

    fn batch(&self, epoch: i16, sequence: i32) -> Forged {
        let batch = Forged::from_producer(self.producer.producer_id, epoch, sequence, 2);
        Forged { attributes: TRANSACTIONAL, ..batch }
    }

    fn send(&mut self, version: i16, epoch: i16, sequence: i32) -> Result<()> {
        let batch = self.batch(epoch, sequence);
        let what = format!("version {version}, epoch {epoch}, sequence {sequence}");
        self.send_batch(&what, version, Some(self.id), &batch)
    }

    fn send_batch(&mut self, what: &str, version: i16, id: Option<&str>, batch: &Forged) -> Result<()> {
        let answer = requests::produce(&mut self.wire, version, self.topic, id, batch.bytes().into())?;
        self.note(what, requests::place(&answer));
        Ok(())
    }

    fn add(&mut self) -> Result<()> {
        let code = add(&mut self.wire, self.id, self.producer, self.topic)?;
        self.note("the partition is added", error(code));
        Ok(())
    }

    fn end(&mut self, producer: Producer, committed: bool, version: i16) -> Result<()> {
        let place = (self.id, self.topic);
        let (answer, next) = end(&mut self.wire, place, producer, committed, version)?;
        let what = if committed { "commit" } else { "abort" };
        self.note(&format!("{what} in version {version} with epoch {}", producer.epoch), answer);
        self.producer = next;
        Ok(())
    }
}

fn writer(peer: &Peer, topic: &'static str) -> Result<Writer> {
    let mut wire = peer.wire()?;
    requests::create(&mut wire, topic, 1, &[("retention.ms", "-1")])?;
    let producer = init(&mut wire, topic)?;
    Ok(Writer { wire, topic, id: topic, producer, answers: Answers::default() })
}

/// A client that adds partitions by its own request and whose epoch stays.
fn added_before(peer: &mut Peer) -> Result<Answers> {
    let mut writer = writer(peer, "added-before")?;
    writer.send(ADDED_BEFORE, 0, 0)?;
    writer.send(11, 0, 0)?;
    writer.add()?;
    for sequence in [0, 0, 5, 2, 0] {
        writer.send(ADDED_BEFORE, 0, sequence)?;
    }
    let inside = writer.batch(0, 4);
    writer.send_batch("without transactional id", ADDED_BEFORE, None, &inside)?;
    writer.send_batch("with another's transactional id", ADDED_BEFORE, Some("another"), &inside)?;
    let outside = Forged { attributes: 0, ..inside.clone() };
    writer.send_batch("not transactional", ADDED_BEFORE, None, &outside)?;
    writer.send_batch("not transactional, with transactional id", ADDED_BEFORE, Some(writer.id), &outside)?;
    writer.send(ADDED_BEFORE, 1, 0)?;
    writer.send(ADDED_BEFORE, -1, 0)?;
    let producer = writer.producer;
    writer.end(Producer { epoch: 1, ..producer }, true, EPOCH_STAYS)?;
    writer.end(producer, true, EPOCH_STAYS)?;
    writer.end(producer, true, EPOCH_STAYS)?;
    writer.end(producer, false, EPOCH_STAYS)?;
    for sequence in [2, 4] {
        writer.send(ADDED_BEFORE, 0, sequence)?;
    }
    writer.send_batch("not transactional after the end", ADDED_BEFORE, None, &outside)?;
    writer.add()?;
    writer.send(ADDED_BEFORE, 0, 6)?;
    writer.end(producer, false, EPOCH_STAYS)?;
    writer.send(ADDED_BEFORE, 0, 6)?;
    // The next producer of the same id has a higher epoch.
    writer.producer = init(&mut writer.wire, writer.id)?;
    let epoch = writer.producer.epoch;
    writer.note("the next producer", format!("epoch {epoch}"));
    writer.send(ADDED_BEFORE, 0, 8)?;
    writer.add()?;
    for sequence in [3, 0, 2] {
        writer.send(ADDED_BEFORE, epoch, sequence)?;
    }
    let next = writer.producer;
    writer.end(next, true, EPOCH_STAYS)?;
    Ok(writer.answers)
}

/// A client whose batches add their partition, and whose epoch grows with each transaction (KIP-890).
fn adds_itself(peer: &mut Peer) -> Result<Answers> {
    let mut writer = writer(peer, "adds-itself")?;
    for sequence in [1, 0, 0, 4, 2] {
        writer.send(ADDS_ITSELF, 0, sequence)?;
    }
    let outside = Forged { attributes: 0, ..writer.batch(0, 4) };
    writer.send_batch("not transactional", ADDS_ITSELF, None, &outside)?;
    let first = writer.producer;
    writer.end(first, true, EPOCH_GROWS)?;
    writer.send(ADDS_ITSELF, 0, 4)?;
    writer.send(ADDS_ITSELF, 0, 2)?;
    writer.end(first, true, EPOCH_GROWS)?;
    writer.end(first, false, EPOCH_GROWS)?;
    writer.producer = Producer { epoch: 1, ..first };
    for sequence in [4, 0, 2] {
        writer.send(ADDS_ITSELF, 1, sequence)?;
    }
    writer.send(ADDS_ITSELF, 2, 0)?;
    let second = writer.producer;
    writer.end(second, false, EPOCH_GROWS)?;
    writer.send(ADDS_ITSELF, 1, 4)?;
    writer.send(ADDS_ITSELF, 2, 0)?;
    let third = writer.producer;
    writer.end(third, true, EPOCH_GROWS)?;
    Ok(writer.answers)
}

/// Both kinds of clients.
pub(super) fn who_may_write(peer: &mut Peer) -> Result<Answers> {
    Answers::in_turn(peer, &[added_before, adds_itself])
}
