//! Topics of our own, and MirrorMaker 2's, that somebody wrote to, cut, or deleted: it is said, nothing is copied twice, and an
//! offset is translated rightly or not at all. Brokers are ours.

use std::time::Duration;

use rdkafka::producer::BaseRecord;
use strait_client::{ClientConfig, Producer, ProducerConfig, ProducerError, ProducerRecord};
use strait_cluster_tests::bridge::FLOW;
use strait_cluster_tests::cases::Cases;
use strait_cluster_tests::kafka::{Kafka, OURS};
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{admin, numbered, topic};
use tokio::runtime::Runtime;

use crate::next_record::index_of;
use crate::sources::{self, Records};
use crate::translated::translate;

const TOPIC: &str = "payments";
const REMOTE: &str = "east.payments";
const STATE: &str = "__strait_state";
const MAP: &str = "__strait_offset_map";
const CHECKPOINTS: &str = "east.checkpoints.internal";
const LIMIT: Duration = Duration::from_secs(60);
/// Records that have one of an aborted transaction before each: enough that a part of the offset map is sealed.
const FIRST: i64 = 700;
const MORE: i64 = 5;

#[test]
fn what_others_do_to_internal_topics_leads_to_no_wrong_offset() {
    let Some(world) = World::enter("what_others_do_to_internal_topics_leads_to_no_wrong_offset") else {
        return;
    };
    let (east, west) = (Kafka::start(OURS).expect("east"), Kafka::start(OURS).expect("west"));
    topic::create(&east, TOPIC, 1, &[]).expect("a topic");
    Runtime::new().expect("a runtime").block_on(begin(&east)).expect("begun");
    let payer = Writer::transactional(&east.address(), "payer", &[("linger.ms", "0")]);
    let writer = payer.expect("a producer");
    let plan = Plan::one_flow(&east.address(), &west.address(), TOPIC).with("group_interval_ms = 500");
    let strait = Strait::start(world.folder(), &plan).expect("strait");
    let mut room = Room { east, west, strait, writer, payments: FIRST };
    room.assert_exact();
    let mut cases = Cases::begin();
    cases.run("records of others while it runs", || room.garbage_while_running());
    cases.run("records of others while it is stopped", || room.garbage_while_stopped());
    cases.run("state deleted while it runs", || room.state_lost_while_running(Loss::Deleted));
    cases.run("state cut while it runs", || room.state_lost_while_running(Loss::Cut));
    cases.run("state deleted while it is stopped", || room.state_lost_while_stopped(Loss::Deleted));
    cases.run("state cut while it is stopped", || room.state_lost_while_stopped(Loss::Cut));
    cases.run("offset map made again by another", || room.map_made_again());
    cases.run("offset map cut while it is stopped", || room.map_cut());
    cases.run("state cut and no copy of it", || room.state_cut_without_copy());
    cases.run("a newer Strait", || room.newer());
    cases.finish();
}

/// The first records, no two of them side by side. By our own producer, which waits for a record without pauses.
async fn begin(east: &Kafka) -> Result<(), ProducerError> {
    let producer = |transactional_id: Option<&str>| {
        let cluster = ClientConfig { bootstrap: vec![east.address()], ..ClientConfig::default() };
        let transactional_id = transactional_id.map(str::to_owned);
        Producer::new(cluster, ProducerConfig { transactional_id, linger_ms: 0, ..ProducerConfig::default() })
    };
    let (plain, aborted) = (producer(None)?, producer(Some("never"))?);
    let record = |value: String| ProducerRecord::new(TOPIC, value).with_partition(0);
    aborted.init_transactions().await?;
    aborted.begin_transaction()?;
    for value in numbered::expected("payment", 0..FIRST) {
        aborted.send(record("never paid".to_owned())).await?.await?;
        plain.send(record(value)).await?.await?;
    }
    aborted.abort_transaction().await
}

#[derive(Clone, Copy)]
enum Loss {
    Deleted,
    Cut,
}

impl Loss {
    fn of(self, west: &Kafka, name: &str) {
        match self {
            Self::Deleted => admin::delete(west, name).expect("deleted"),
            Self::Cut => {
                // Brokers refuse to cut what is only compacted.
                admin::configure(west, name, &[("cleanup.policy", "compact,delete")]).expect("configured");
                let end = topic::bounds(west, name).expect("bounds")[&0].1;
                admin::delete_records(west, name, 0, end).expect("cut");
            }
        }
    }
}

struct Room {
    east: Kafka,
    west: Kafka,
    strait: Strait,
    writer: Writer,
    payments: i64,
}

/// Keys and values as others might write them: text, and bytes that begin like ours but end early.
const GARBAGE: [(&[u8], &[u8]); 2] = [(b"hello", b"world"), (&[0, 0, 2, 5], &[0, 0, 2])];

impl Room {
    /// More transactions of one record.
    fn pay(&mut self, count: i64) {
        for value in numbered::expected("payment", self.payments..self.payments + count) {
            self.writer.begin().expect("begun");
            self.writer.send(BaseRecord::<str, str>::to(TOPIC).partition(0).payload(&value)).expect("sent");
            self.writer.commit().expect("committed");
        }
        self.payments += count;
    }

    /// More is written, all is copied once, and each offset is translated rightly.
    fn assert_goes_on(&mut self) {
        self.pay(MORE);
        self.assert_exact();
    }

    fn assert_exact(&mut self) {
        let (source, target) = self.copied();
        assert_eq!(self.assert_right(&source, &target), source.len(), "each offset is translated");
    }

    /// Waits until all records are at the target and known to be, each once.
    fn copied(&mut self) -> (Records, Records) {
        let source = sources::records(&self.east, TOPIC);
        let last = source.last().expect("records").0;
        let copied = self.strait.wait("all is copied", LIMIT, |strait| {
            let position = strait.partition(FLOW, TOPIC, 0)?["position"].as_i64();
            let is_there = position.is_some_and(|position| position > last);
            Ok(if is_there { Attempt::Done(()) } else { Attempt::NotYet(format!("{position:?}")) })
        });
        copied.expect("copied");
        let all = numbered::expected("payment", 0..self.payments);
        assert_eq!(numbered::values(&self.west, REMOTE).expect("read"), all, "each record once");
        (source, sources::records(&self.west, REMOTE))
    }

    /// Gives how many offsets of records are translated. No translation is wrong.
    fn assert_right(&self, source: &Records, target: &Records) -> usize {
        let positions: Vec<String> =
            source.iter().map(|(offset, _)| format!("--position={TOPIC}:0:{offset}")).collect();
        let positions: Vec<&str> = positions.iter().map(String::as_str).collect();
        let rows = translate(&self.strait, &positions);
        assert_eq!(rows.len(), source.len());
        let mut translated = 0;
        for row in rows {
            let Some(found) = row["target_offset"].as_i64() else {
                assert_eq!(row["translation"], "no_mapping", "{row}");
                continue;
            };
            let asked = row["source_offset"].as_i64().expect("a number");
            assert_eq!(index_of(source, asked), index_of(target, found), "{row}");
            translated += 1;
        }
        translated
    }

    fn litter(&self, topics: &[&str]) {
        let mut writer = Writer::open(&self.west.address(), &[]).expect("a producer");
        for name in topics {
            topic::wait_for_partitions(&self.west, name, 1).expect("a topic");
            for (key, value) in GARBAGE {
                let record = BaseRecord::<[u8], [u8]>::to(name).partition(0).key(key).payload(value);
                writer.send(record).expect("sent");
            }
        }
        writer.flush().expect("acknowledged");
    }

    /// What was said of a record since a look at the log.
    fn wait_said(&mut self, before: usize, words: &[&str]) {
        let said = self.strait.wait(&format!("{words:?} in the log"), LIMIT, |strait| {
            let log = strait.log();
            let is_said = log[before..].lines().any(|line| words.iter().all(|word| line.contains(word)));
            Ok(if is_said { Attempt::Done(()) } else { Attempt::NotYet("not there".to_owned()) })
        });
        said.expect("said");
    }

    fn logged(&self) -> usize {
        self.strait.log().len()
    }

    fn garbage_while_running(&mut self) {
        let before = self.logged();
        self.litter(&[STATE, MAP, CHECKPOINTS, "heartbeats"]);
        self.wait_said(before, &["is not ours", STATE, "partition=0", "offset="]);
        self.assert_goes_on();
    }

    fn garbage_while_stopped(&mut self) {
        self.stop();
        self.litter(&[STATE, MAP, CHECKPOINTS]);
        self.strait.delete_data().expect("deleted");
        let before = self.logged();
        self.strait.restart().expect("started");
        self.wait_said(before, &["is not ours", STATE, "partition=0", "offset="]);
        self.wait_said(before, &["can't be read", MAP, "offset "]);
        self.wait_said(before, &["no checkpoint", CHECKPOINTS, "offset="]);
        self.assert_goes_on();
    }

    /// What was lost is written again, so that a start without local data goes on.
    fn state_lost_while_running(&mut self, loss: Loss) {
        let before = self.logged();
        loss.of(&self.west, STATE);
        self.wait_said(before, &["written again", STATE, "partition=0"]);
        self.assert_goes_on();
        self.stop();
        self.strait.delete_data().expect("deleted");
        self.strait.restart().expect("started");
        self.assert_goes_on();
    }

    /// The data folder has a copy.
    fn state_lost_while_stopped(&mut self, loss: Loss) {
        self.stop();
        loss.of(&self.west, STATE);
        let before = self.logged();
        self.strait.restart().expect("started");
        self.wait_said(before, &[STATE, "partition=0"]);
        self.assert_goes_on();
        self.stop();
        self.strait.delete_data().expect("deleted");
        self.strait.restart().expect("started");
        self.assert_goes_on();
    }

    /// Chunks are looked for at offsets where other records are now.
    fn map_made_again(&mut self) {
        self.stop();
        self.strait.restart().expect("started");
        self.strait.wait_state(FLOW, "running", LIMIT).expect("running");
        let before = self.logged();
        admin::delete(&self.west, MAP).expect("deleted");
        topic::create(&self.west, MAP, 1, &["cleanup.policy=compact"]).expect("a topic");
        self.litter(&[MAP, MAP, MAP]);
        let (source, target) = self.copied();
        let translated = self.assert_right(&source, &target);
        assert!((1..source.len()).contains(&translated), "{translated} of {} are known", source.len());
        self.wait_said(before, &["chunk", &format!("{MAP}-0"), "not translated"]);
    }

    fn map_cut(&mut self) {
        self.stop();
        Loss::Cut.of(&self.west, MAP);
        self.strait.restart().expect("started");
        self.pay(MORE);
        let (source, target) = self.copied();
        let translated = self.assert_right(&source, &target);
        assert!((1..source.len()).contains(&translated), "{translated} of {} are known", source.len());
    }

    /// Nobody knows how far the partition was copied, so it is not begun.
    fn state_cut_without_copy(&mut self) {
        self.stop();
        self.strait.delete_data().expect("deleted");
        Loss::Cut.of(&self.west, STATE);
        let (before, end) = (self.logged(), topic::bounds(&self.west, REMOTE).expect("bounds"));
        self.strait.restart().expect("started");
        self.wait_said(before, &["its position is lost", TOPIC, "partition=0", STATE]);
        assert_eq!(topic::bounds(&self.west, REMOTE).expect("bounds"), end);
    }

    /// What a newer Strait wrote is not left out: the flow does not start.
    fn newer(&mut self) {
        self.stop();
        let mut writer = Writer::open(&self.west.address(), &[]).expect("a producer");
        let record = BaseRecord::<[u8], [u8]>::to(STATE).partition(0).key(&[0, 9, 2]).payload(&[0, 9]);
        writer.send(record).expect("sent");
        writer.flush().expect("acknowledged");
        let before = self.logged();
        self.strait.restart().expect("started");
        self.wait_said(before, &["can't start", &format!("{STATE}-0"), "offset", "a newer Strait"]);
    }

    fn stop(&mut self) {
        assert_eq!(self.strait.stop(LIMIT).expect("stopped"), Some(0));
    }
}
