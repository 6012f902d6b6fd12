//! Transactional data: committed records in the order of the log, nothing of aborted or open transactions.

use std::time::Duration;

use rdkafka::producer::BaseRecord;
use strait_cluster_tests::beside::{self, Beside};
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::digest::Contents;
use strait_cluster_tests::random::Random;
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{reader, topic};

const PARTITIONS: u64 = 3;
const STEPS: u64 = 250;

/// A producer, and how many records of its open transaction nobody may see yet.
struct Party {
    name: &'static str,
    writer: Writer,
    transactional: bool,
    open: Option<usize>,
}

impl Party {
    fn transactional(bridge: &Bridge, name: &'static str, codec: &'static str) -> Self {
        let writer = Writer::transactional(&bridge.east.address(), name, &[("compression.type", codec)]);
        Self { name, writer: writer.expect("a producer"), transactional: true, open: None }
    }

    fn plain(bridge: &Bridge, name: &'static str, idempotent: &'static str) -> Self {
        let writer = Writer::open(&bridge.east.address(), &[("enable.idempotence", idempotent)]);
        Self { name, writer: writer.expect("a producer"), transactional: false, open: None }
    }

    /// Sends some records and perhaps ends a transaction; gives how many records became visible.
    fn step(&mut self, topic: &str, step: u64, random: &mut Random) -> usize {
        let count = usize::try_from(random.between(1, 20)).expect("small");
        if self.transactional && self.open.is_none() {
            self.writer.begin().expect("begun");
            self.open = Some(0);
        }
        for number in 0..count {
            let text = format!("{}:{step}:{number}", self.name);
            let partition = i32::try_from(random.between(0, PARTITIONS)).expect("small");
            let record = BaseRecord::<str, str>::to(topic).partition(partition).key(&text).payload(&text);
            self.writer.send(record).expect("sent");
        }
        self.writer.flush().expect("acknowledged");
        let Some(open) = &mut self.open else { return count };
        *open += count;
        match random.between(0, 4) {
            0 => self.end(true),
            1 => self.end(false),
            _ => 0,
        }
    }

    /// Commits or aborts the open transaction, if there is one; gives how many records became visible.
    fn end(&mut self, commit: bool) -> usize {
        let Some(open) = self.open.take() else { return 0 };
        if commit {
            self.writer.commit().expect("committed");
            return open;
        }
        self.writer.abort().expect("aborted");
        0
    }
}

pub(crate) fn are_copied_once_committed(bridge: &Bridge) {
    let topic = "accounts";
    let mut random = Random::announced("content");
    topic::create(&bridge.east, topic, i32::try_from(PARTITIONS).expect("small"), &[]).expect("a topic");
    let mut parties = [
        Party::transactional(bridge, "transfers", "none"),
        Party::transactional(bridge, "fees", "lz4"),
        Party::transactional(bridge, "interest", "zstd"),
        Party::plain(bridge, "audit", "true"),
        Party::plain(bridge, "notes", "false"),
    ];
    let mut visible = 0;
    for step in 0..STEPS {
        let turn = usize::try_from(random.between(0, parties.len() as u64)).expect("small");
        visible += parties[turn].step(topic, step, &mut random);
    }
    for (party, commit) in parties.iter_mut().zip([true, false, true, true, true]) {
        visible += party.end(commit);
    }
    let source = Contents::read(&bridge.east, topic).expect("the source");
    assert_eq!(source.count(), visible, "committed records at the source");
    let mut strait = bridge.strait("transactions", topic, "");
    bridge.assert_copied(&mut strait, topic);
    let settled = strait.wait("no lag behind the last marker", Duration::from_secs(10), |strait| {
        let status = strait.flow(FLOW)?;
        Ok(if status["lag_records"] == 0 { Attempt::Done(()) } else { Attempt::NotYet(status.to_string()) })
    });
    settled.expect("no lag");
    if beside::is_wanted() {
        let beside = Beside::start(&bridge.folder("beside"), &bridge.east, topic, "");
        beside.show(&bridge.east, topic, "with aborted transactions");
    }
}

pub(crate) fn are_waited_for(bridge: &Bridge) {
    let topic = "payments";
    topic::create(&bridge.east, topic, 2, &[]).expect("a topic");
    let address = bridge.east.address();
    let mut plain = Writer::open(&address, &[]).expect("a producer");
    let mut committed = Writer::transactional(&address, "committed", &[]).expect("a producer");
    let mut aborted = Writer::transactional(&address, "aborted", &[]).expect("a producer");
    send(&mut plain, topic, [0, 1], "before");
    committed.begin().expect("begun");
    aborted.begin().expect("begun");
    send(&mut committed, topic, [0, 0], "committed");
    send(&mut aborted, topic, [1, 0], "aborted");
    send(&mut plain, topic, [0, 1], "after");
    let mut strait = bridge.strait("open-transactions", topic, "");
    bridge.assert_copied(&mut strait, topic);
    assert_eq!(values(bridge), ["before", "before"], "what lies before the open transactions");
    aborted.abort().expect("aborted");
    committed.commit().expect("committed");
    bridge.assert_copied(&mut strait, topic);
    let copied = values(bridge);
    let count = |value| copied.iter().filter(|copied| **copied == value).count();
    assert_eq!((count("committed"), count("aborted"), count("after")), (2, 0, 2), "{copied:?}");
}

fn send(writer: &mut Writer, topic: &str, partitions: [i32; 2], value: &str) {
    for partition in partitions {
        let record = BaseRecord::<str, str>::to(topic).partition(partition).key("key").payload(value);
        writer.send(record).expect("sent");
    }
    writer.flush().expect("acknowledged");
}

fn values(bridge: &Bridge) -> Vec<String> {
    use rdkafka::Message;
    let mut values = Vec::new();
    let keep = |message: &rdkafka::message::BorrowedMessage<'_>| {
        values.push(String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned());
    };
    reader::every(&bridge.west, "east.payments", keep).expect("the target");
    values
}
