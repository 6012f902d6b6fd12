//! Producers that send again, skip, wrap, raise their epoch or come back: what a partition remembers of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use bytes::Bytes;
use strait_cluster_tests::kafka::CURRENT;
use strait_cluster_tests::wait::{self, Attempt};
use strait_wire::message::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};

use super::compare;
use super::forged::Forged;
use super::golden::Answers;
use super::peer::Peer;
use super::requests::{self, error};
use super::transactions::TRANSACTIONAL;
use crate::wire::Wire;

const VERSION: i16 = 9;
const LAST: i32 = i32::MAX;
/// As many as our broker takes together, and more.
const SEVERAL: usize = 25;

/// A topic of one partition, and what was asked of it.
struct Log<'a> {
    peer: &'a mut Peer,
    wire: Wire,
    topic: &'static str,
    answers: Answers,
    /// Batches that are sent one behind the other before any answer is read.
    unsent: Vec<(String, Bytes)>,
    most_unsent: usize,
}

impl<'a> Log<'a> {
    fn create(peer: &'a mut Peer, topic: &'static str, settings: &[(&str, &str)]) -> Result<Self> {
        let mut wire = peer.wire()?;
        requests::create(&mut wire, topic, 1, &[settings, &[("retention.ms", "-1")]].concat())?;
        Ok(Self { peer, wire, topic, answers: Answers::default(), unsent: Vec::new(), most_unsent: 1 })
    }

    /// Sends so many batches before it reads an answer.
    fn at_once(self, most_unsent: usize) -> Self {
        Self { most_unsent, ..self }
    }

    fn note(&mut self, what: &str, answer: impl Into<String>) {
        self.answers.add_step(self.topic, what, answer);
    }

    /// Sends one record or more of producer and epoch, from this sequence on.
    fn send(&mut self, (producer_id, epoch): (i64, i16), sequence: i32, count: i32) -> Result<()> {
        let batch = Forged::from_producer(producer_id, epoch, sequence, count);
        let what = format!("producer {producer_id} epoch {epoch} sequence {sequence} x{count}");
        self.send_batch(&what, &batch)
    }

    fn send_batch(&mut self, what: &str, batch: &Forged) -> Result<()> {
        self.unsent.push((what.to_owned(), batch.bytes().into()));
        if self.unsent.len() == self.most_unsent { self.send_unsent() } else { Ok(()) }
    }

    fn send_unsent(&mut self) -> Result<()> {
        let (what, bytes): (Vec<_>, Vec<_>) = std::mem::take(&mut self.unsent).into_iter().unzip();
        let answers = requests::produce_all(&mut self.wire, VERSION, self.topic, bytes)?;
        what.iter().zip(answers).for_each(|(what, answer)| self.note(what, requests::place(&answer)));
        Ok(())
    }

    fn end(mut self) -> Result<Answers> {
        self.send_unsent()?;
        Ok(self.answers)
    }

    fn delete_before(&mut self, offset: i64) -> Result<()> {
        self.send_unsent()?;
        let partition = DeleteRecordsPartition { partition_index: 0, offset };
        let topic = DeleteRecordsTopic { name: self.topic.to_owned(), partitions: vec![partition] };
        let answer = self.wire.ask(&DeleteRecordsRequest { topics: vec![topic], timeout_ms: 10_000 }, 2)?;
        let partition = answer.topics.first().and_then(|topic| topic.partitions.first());
        let partition = partition.context("a partition")?;
        let answer = format!("{}, from {}", error(partition.error_code), partition.low_watermark);
        self.note(&format!("delete records before {offset}"), answer);
        Ok(())
    }

    fn restart(&mut self, is_killed: bool) -> Result<()> {
        self.send_unsent()?;
        match is_killed {
            false => self.peer.restart()?,
            true => self.peer.kill_and_restart()?,
        }
        self.wire = self.peer.wire()?;
        requests::wait_for_leader(&mut self.wire, self.topic, 1)
    }
}

fn any_sequence_of_an_unknown_producer(mut log: Log<'_>) -> Result<Answers> {
    // The first again, a gap, other boundaries, one back in the middle.
    for (sequence, count) in [
        (123_456, 10),
        (123_466, 10),
        (123_456, 10),
        (123_480, 1),
        (123_456, 5),
        (123_456, 20),
        (123_461, 10),
        (123_476, 1),
        (0, 1),
        (123_466, 10),
    ] {
        log.send((987_654_321, 0), sequence, count)?;
    }
    for (producer, epoch, sequence) in
        [(1, 5, 77), (2, 0, LAST), (3, i16::MAX, 0), (0, 0, 0), (4, 0, 1), (5, 1, 1)]
    {
        log.send((producer, epoch), sequence, 1)?;
        log.send((producer, epoch), sequence, 1)?;
    }
    log.end()
}

fn sequences_wrap(mut log: Log<'_>) -> Result<Answers> {
    for (sequence, count) in
        [(LAST - 4, 10), (5, 1), (LAST - 4, 10), (7, 1), (LAST, 1), (6, 3), (6, 3), (9, 1), (LAST - 4, 5)]
    {
        log.send((10, 0), sequence, count)?;
    }
    for (sequence, count) in [(LAST - 1, 2), (1, 1), (0, 1), (LAST - 1, 2), (LAST, 2), (1, 1)] {
        log.send((11, 0), sequence, count)?;
    }
    log.end()
}

fn five_batches_are_remembered(mut log: Log<'_>) -> Result<Answers> {
    for batch in (0..8).chain(0..9).chain(0..10) {
        log.send((20, 0), batch * 3, 3)?;
    }
    log.end()
}

fn epochs_begin_at_zero(mut log: Log<'_>) -> Result<Answers> {
    for (epoch, sequence) in [
        (0, 0),
        (1, 1),
        (1, 0),
        (1, 0),
        (0, 1),
        (0, 0),
        (1, 1),
        (3, 2),
        (3, 0),
        (2, 0),
        (3, 1),
        (1, 1),
        (4, LAST),
        (i16::MAX, 0),
        (3, 2),
    ] {
        log.send((30, epoch), sequence, 1)?;
    }
    log.end()
}

fn a_duplicate_has_the_time_of_its_first(peer: &mut Peer) -> Result<Answers> {
    let mut log = Log::create(peer, "append-time", &[("message.timestamp.type", "LogAppendTime")])?;
    let mut times = Vec::new();
    for sequence in [0, 1, 2, 0, 1, 2, 4] {
        let batch = Forged::from_producer(40, 0, sequence, 1);
        let answer = requests::produce(&mut log.wire, VERSION, log.topic, None, batch.bytes().into())?;
        let time = answer.log_append_time_ms;
        let first = times.iter().position(|known| *known == time && time != -1);
        times.push(time);
        let whose = first.map_or("its own".to_owned(), |first| format!("that of {first}"));
        let whose = if time == -1 { "none".to_owned() } else { whose };
        log.note(&format!("sequence {sequence}"), format!("{}, time: {whose}", requests::place(&answer)));
        // So that no two batches have the same time.
        wait::until("the clock moves", Duration::from_secs(5), || {
            let moved = time == -1 || now_ms()? > time;
            Ok(if moved { Attempt::Done(()) } else { Attempt::NotYet(time.to_string()) })
        })?;
    }
    Ok(log.answers)
}

fn now_ms() -> Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

/// Two producers, one with records of now, one whose records are years old and whose id is long expired.
fn both(log: &mut Log<'_>, recent: i64, sequences: &[i32]) -> Result<()> {
    for sequence in sequences {
        log.send((50, 0), *sequence, 1)?;
        send_at(log, recent, *sequence)?;
    }
    Ok(())
}

fn send_at(log: &mut Log<'_>, time: i64, sequence: i32) -> Result<()> {
    let batch = Forged::from_producer(51, 0, sequence, 1);
    let batch = Forged { base_timestamp: time, max_timestamp: time, ..batch };
    log.send_batch(&format!("producer of now, sequence {sequence}"), &batch)
}

fn what_outlives_deleted_records(mut log: Log<'_>) -> Result<Answers> {
    let recent = now_ms()?;
    both(&mut log, recent, &[0, 1, 2, 3, 4, 5])?;
    log.delete_before(4)?;
    both(&mut log, recent, &[1, 5, 7, 6])?;
    log.delete_before(-1)?;
    both(&mut log, recent, &[3, 6, 8, 7])?;
    log.delete_before(1_000)?;
    log.delete_before(3)?;
    log.end()
}

fn what_outlives_a_good_end(peer: &mut Peer) -> Result<Answers> {
    let recent = now_ms()?;
    let mut log = Log::create(peer, "stopped", &[])?;
    both(&mut log, recent, &[0, 1, 2, 3, 4, 5])?;
    log.restart(false)?;
    both(&mut log, recent, &[0, 4, 5, 7, 6, 7])?;
    log.delete_before(-1)?;
    log.restart(false)?;
    both(&mut log, recent, &[7, 9, 8])?;
    Ok(log.answers)
}

fn what_outlives_a_sudden_end(peer: &mut Peer) -> Result<Answers> {
    let recent = now_ms()?;
    let mut log = Log::create(peer, "killed", &[])?;
    both(&mut log, recent, &[0, 1, 2, 3, 4, 5, 6])?;
    log.restart(true)?;
    both(&mut log, recent, &[0, 2, 4, 6, 8, 7])?;
    log.delete_before(-1)?;
    log.restart(true)?;
    both(&mut log, recent, &[7, 9, 8])?;
    Ok(log.answers)
}

/// The snapshot that is written with a new segment has the newest batch of each producer only.
fn what_outlives_a_sudden_end_behind_a_roll(peer: &mut Peer) -> Result<Answers> {
    let recent = now_ms()?;
    let an_hour_ago = recent - 3_600_000;
    let mut log = Log::create(peer, "rolled", &[("segment.ms", "60000")])?;
    (0..5).try_for_each(|sequence| send_at(&mut log, an_hour_ago, sequence))?;
    send_at(&mut log, recent, 5)?;
    log.restart(true)?;
    [0, 1, 2, 3, 4, 5, 7, 6].iter().try_for_each(|sequence| send_at(&mut log, recent, *sequence))?;
    Ok(log.answers)
}

/// After `producer.id.expiration.ms` anything may come from a producer again, unless it has a transaction open.
fn what_expires(peer: &mut Peer) -> Result<Answers> {
    let mut log = Log::create(peer, "expired", &[])?;
    log.send((60, 0), 0, 1)?;
    log.send((60, 0), 5, 1)?;
    let open = super::transactions::begin(&mut log.wire, "expires-not", log.topic)?;
    let batch = |sequence| {
        let batch = Forged::from_producer(open.producer_id, open.epoch, sequence, 1);
        Forged { attributes: TRANSACTIONAL, ..batch }.bytes()
    };
    let in_transaction = |wire: &mut Wire, sequence| {
        requests::produce(wire, VERSION, "expired", Some("expires-not"), batch(sequence).into())
    };
    let answer = in_transaction(&mut log.wire, 0)?;
    log.note("in a transaction, sequence 0", requests::place(&answer));
    let expired = wait::until("the producer is forgotten", Duration::from_secs(30), || {
        let batch = Forged::from_producer(60, 0, 5, 1);
        let answer = requests::produce(&mut log.wire, VERSION, log.topic, None, batch.bytes().into())?;
        Ok(match answer.error_code {
            0 => Attempt::Done(requests::place(&answer)),
            code => Attempt::NotYet(error(code)),
        })
    })?;
    log.note("the same again until it is stored", expired);
    let answer = in_transaction(&mut log.wire, 5)?;
    log.note("in a transaction, sequence 5", requests::place(&answer));
    let answer = in_transaction(&mut log.wire, 1)?;
    log.note("in a transaction, sequence 1", requests::place(&answer));
    Ok(log.answers)
}

/// `AT_ONCE` batches are sent before an answer is read, where it can be asked so.
fn running<const AT_ONCE: usize>(peer: &mut Peer) -> Result<Answers> {
    Answers::in_turn(
        peer,
        &[
            |peer| any_sequence_of_an_unknown_producer(Log::create(peer, "unknown", &[])?.at_once(AT_ONCE)),
            |peer| sequences_wrap(Log::create(peer, "wrap", &[])?.at_once(AT_ONCE)),
            |peer| five_batches_are_remembered(Log::create(peer, "window", &[])?.at_once(AT_ONCE)),
            |peer| epochs_begin_at_zero(Log::create(peer, "epochs", &[])?.at_once(AT_ONCE)),
            a_duplicate_has_the_time_of_its_first,
            |peer| what_outlives_deleted_records(Log::create(peer, "deleted", &[])?.at_once(AT_ONCE)),
            super::transactions::who_may_write,
        ],
    )
}

fn ending(peer: &mut Peer) -> Result<Answers> {
    Answers::in_turn(
        peer,
        &[what_outlives_a_good_end, what_outlives_a_sudden_end, what_outlives_a_sudden_end_behind_a_roll],
    )
}

#[test]
fn idempotent_producers_get_kafkas_answers() {
    compare("idempotence", &[], running::<1>);
}

#[test]
fn producers_that_do_not_wait_get_the_same_answers() {
    let ours = super::ask_ours(&[], running::<SEVERAL>).expect("answers of our broker");
    super::golden::assert_same("idempotence", CURRENT, &ours);
}

#[test]
fn producers_get_kafkas_answers_after_a_start() {
    compare("idempotence-restart", &[], ending);
}

#[test]
fn producers_get_kafkas_answers_after_their_expiry() {
    let soon = ["producer.id.expiration.ms=1000", "producer.id.expiration.check.interval.ms=1000"];
    compare("idempotence-expiry", &soon, what_expires);
}
