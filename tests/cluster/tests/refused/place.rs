//! A topic of fifty partitions, one with records that its remote topic refuses.

use std::time::Duration;

use anyhow::Result;
use rdkafka::Message;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::digest::{Contents, Entry};
use strait_cluster_tests::rest::Loss;
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{reader, topic};

const PARTITIONS: i32 = 50;
/// The partition with refused records.
const ODD: i32 = 17;
/// Their offsets there, of `RECORDS`.
const REFUSED: [i64; 2] = [10, 13];
const RECORDS: i64 = 30;
const LIMIT: Duration = Duration::from_secs(30);

/// What a target refuses.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Of the remote topic, made beforehand.
    settings: &'static [&'static str],
    key: Option<&'static str>,
    value_bytes: usize,
}

/// A record larger than the remote topic takes.
pub(crate) const OVERSIZE: Kind =
    Kind { name: "oversize", settings: &["max.message.bytes=20000"], key: Some("odd"), value_bytes: 40_000 };
/// A record without a key for a compacted remote topic.
pub(crate) const KEYLESS: Kind =
    Kind { name: "keyless", settings: &["cleanup.policy=compact"], key: None, value_bytes: 10 };

pub(crate) struct Place<'a> {
    bridge: &'a Bridge,
    kind: Kind,
    topic: String,
    remote: String,
}

impl<'a> Place<'a> {
    pub(crate) fn make(bridge: &'a Bridge, kind: Kind, policy: &str) -> Self {
        let topic = format!("{}-{policy}", kind.name).replace('_', "-");
        let place = Self { bridge, kind, remote: format!("east.{topic}"), topic };
        topic::create(&bridge.east, &place.topic, PARTITIONS, &[]).expect("a topic");
        topic::create(&bridge.west, &place.remote, PARTITIONS, kind.settings).expect("a remote topic");
        place.fill();
        place
    }

    /// The remote topic keeps the settings that it was made with.
    pub(crate) fn strait(&self, policy: &str) -> Strait {
        let extra = format!("sync_topic_configs = false\n{policy}");
        self.bridge.strait(&self.topic, &self.topic, &extra)
    }

    fn fill(&self) {
        // All of a partition is in one batch, refused records and others together.
        let settings = [("compression.type", "none"), ("linger.ms", "500")];
        let mut writer = Writer::open(&self.bridge.east.address(), &settings).expect("a producer");
        for number in 0..RECORDS {
            for partition in 0..PARTITIONS {
                let odd = partition == ODD && REFUSED.contains(&number);
                let value = "x".repeat(if odd { self.kind.value_bytes } else { 10 });
                let name = format!("{partition}:{number}");
                let mut record = BaseRecord::<str, str>::to(&self.topic).partition(partition).payload(&value);
                record.key = if odd { self.kind.key } else { Some(&name) };
                writer.send(record).expect("sent");
            }
        }
        writer.flush().expect("acknowledged");
    }

    fn source(&self) -> Contents {
        Contents::read(&self.bridge.east, &self.topic).expect("the source")
    }

    /// Waits until the target has these many records outside and inside the odd partition.
    fn wait_copied(&self, strait: &mut Strait, others: usize, odd: usize) -> Contents {
        let look = |_: &Strait| {
            let target = Contents::read(&self.bridge.west, &self.remote)?;
            let in_odd = target.partitions[&ODD].len();
            let seen = (target.count() - in_odd, in_odd);
            Ok(if seen.0 >= others && seen.1 >= odd {
                Attempt::Done(target)
            } else {
                Attempt::NotYet(format!("{seen:?} records"))
            })
        };
        let what = format!("{others} records in 49 partitions of {} and {odd} in the odd one", self.remote);
        strait.wait(&what, LIMIT, look).expect("copied")
    }

    pub(crate) fn assert_others_copied(&self, strait: &mut Strait) {
        let mut source = self.source();
        source.partitions.remove(&ODD);
        let mut target = self.wait_copied(strait, source.count(), 0);
        target.partitions.remove(&ODD);
        source.assert_same(&target);
    }

    /// The partition stops at the first refused record at the latest, and says at which.
    pub(crate) fn assert_stopped(&self, strait: &mut Strait) {
        let status = strait.wait_partition(FLOW, (&self.topic, ODD), "refused", LIMIT).expect("refused");
        let detail = status["detail"].as_str().expect("a detail");
        let numbers = detail.split(|letter: char| !letter.is_ascii_digit());
        let offsets: Vec<i64> = numbers.filter_map(|word| word.parse().ok()).collect();
        let named =
            offsets.contains(&REFUSED[0]) || (offsets.contains(&0) && offsets.contains(&(RECORDS - 1)));
        assert!(named, "`{detail}` names neither the record nor its batch");
        let copied = &Contents::read(&self.bridge.west, &self.remote).expect("the target").partitions[&ODD];
        assert!(hashes(copied).eq(hashes(&self.source().partitions[&ODD]).take(copied.len())), "{copied:?}");
        assert!(copied.len() <= usize::try_from(REFUSED[0]).expect("small"), "{} copied", copied.len());
    }

    /// The other partitions go on while one is stopped.
    pub(crate) fn assert_others_move(&self, strait: &mut Strait) {
        let mut writer = Writer::open(&self.bridge.east.address(), &[]).expect("a producer");
        for partition in (0..PARTITIONS).filter(|partition| *partition != ODD) {
            let record =
                BaseRecord::<str, str>::to(&self.topic).partition(partition).key("more").payload("more");
            writer.send(record).expect("sent");
        }
        writer.flush().expect("acknowledged");
        self.assert_others_copied(strait);
    }

    /// Everything but the refused records is at the target, and those are in the ledger.
    pub(crate) fn assert_skipped(&self, strait: &mut Strait) {
        let mut source = self.source();
        let others = source.count() - source.partitions[&ODD].len();
        let odd = source.partitions.get_mut(&ODD).expect("the odd partition");
        odd.retain(|entry| !REFUSED.contains(&entry.offset));
        let odd = odd.len();
        let target = self.wait_copied(strait, others, odd);
        source.assert_same(&target);
        let losses = strait.losses(FLOW, &self.topic, ODD).expect("the ledger");
        let wanted = REFUSED.map(|offset| Loss { reason: "refused".to_owned(), offsets: (offset, offset) });
        assert_eq!(losses, wanted);
        strait.wait_partition(FLOW, (&self.topic, ODD), "running", LIMIT).expect("running");
    }

    /// The refused records are in the dead-letter topic as they were.
    pub(crate) fn assert_set_aside(&self, strait: &mut Strait) {
        let key = self.kind.key.map(|key| key.as_bytes().to_vec());
        let look = |_: &Strait| -> Result<Attempt<()>> {
            let mut found = 0;
            reader::every(&self.bridge.west, "east.dead-letter", |message| {
                let same_key = message.key() == key.as_deref();
                let same_value = message.payload().is_some_and(|value| value.len() == self.kind.value_bytes);
                found += usize::from(same_key && same_value);
            })?;
            Ok(match found == REFUSED.len() {
                true => Attempt::Done(()),
                false => Attempt::NotYet(format!("{found} records")),
            })
        };
        strait.wait("the refused records in east.dead-letter", LIMIT, look).expect("set aside");
    }
}

fn hashes(entries: &[Entry]) -> impl Iterator<Item = u64> {
    entries.iter().map(|entry| entry.hash)
}
