//! Sudden deaths while data is copied that is older than a target remembers producers, and data of compacted topics:
//! no record is lost, none comes twice, order is kept. The target forgets producers within a second of their time.
//! `STRAIT_KILLS` (2; by hand 50) of each case, at moments from `STRAIT_SEED`.

use std::time::{Duration, SystemTime};

use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::cases::Cases;
use strait_cluster_tests::compacted::Compacted;
use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::digest::{Contents, Timestamps};
use strait_cluster_tests::produce::{self, Load};
use strait_cluster_tests::random::Random;
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{segment, settings, topic};

const DAY: Duration = Duration::from_secs(24 * 3_600);
const PARTITIONS: i32 = 4;
const LIMIT: Duration = Duration::from_secs(120);
const KEPT: &str = "retention.ms=-1";
const TRANSACTIONS_USED: &str = "transactions are used where sequences do not suffice";
const OWNED: &str = "this instance owns the flow";

#[test]
fn old_data_is_copied_once() {
    // What a cleaner removes at the target can't be seen as doubled any more.
    let west = ["producer.id.expiration.check.interval.ms=500", "log.cleaner.enable=false"];
    let east = ["log.cleaner.backoff.ms=100"];
    let Some(bridge) = Bridge::enter_with("old_data_is_copied_once", &east, &west) else { return };
    let mut random = Random::announced("old_data");
    let mut cases = Cases::begin();
    for (folder, deletes_data) in [("kept", false), ("deleted", true)] {
        let name = format!("2 days, 30 days and both ages, data folder {folder}");
        cases.run(&name, || old_topics(&bridge, folder, deletes_data, &mut random));
    }
    cases.run("transactions at the source", || transactions(&bridge, &mut random));
    cases.run("compacted with holes", || compacted(&bridge, &mut random));
    cases.finish();
}

fn kills() -> u64 {
    settings::number("STRAIT_KILLS", 2)
}

fn old_topics(bridge: &Bridge, case: &str, deletes_data: bool, random: &mut Random) {
    let records = 100_000.max(kills() * 10_000);
    let names = ["two-days", "thirty-days", "both-ages"].map(|name| format!("{case}-{name}"));
    for name in &names {
        topic::create(&bridge.east, name, PARTITIONS, &[KEPT]).expect("a topic");
    }
    let load = |name: &String| Load {
        address: bridge.east.address(),
        topic: name.clone(),
        partitions: PARTITIONS,
        codec: "lz4",
        batch_bytes: 65_536,
    };
    produce::all_aged(load(&names[0]), records, 2 * DAY).expect("produced");
    produce::all_aged(load(&names[1]), records, 30 * DAY).expect("produced");
    for age in [30 * DAY, Duration::ZERO, 2 * DAY, Duration::ZERO] {
        produce::all_aged(load(&names[2]), records / 4, age).expect("produced");
    }
    let plan = slow(bridge.plan(&format!("{case}-.*")), 10 << 20);
    let mut ordeal = Ordeal { bridge, strait: bridge.start(case, &plan), deletes_data };
    ordeal.kill_often(&names, random);
    let modes = [Mode::Transactions, Mode::Transactions, Mode::Both];
    for (name, mode) in names.iter().zip(modes) {
        ordeal.finish(name, mode);
    }
}

fn transactions(bridge: &Bridge, random: &mut Random) {
    const NAME: &str = "transfers";
    topic::create(&bridge.east, NAME, PARTITIONS, &[KEPT]).expect("a topic");
    let visible = fill_transactions(bridge, NAME, random);
    let source = Contents::read(&bridge.east, NAME).expect("the source");
    assert_eq!(source.count(), visible, "committed records at the source");
    let plan = slow(bridge.plan(NAME), 2 << 20);
    let mut ordeal = Ordeal { bridge, strait: bridge.start(NAME, &plan), deletes_data: true };
    ordeal.kill_often(&[NAME.to_owned()], random);
    ordeal.finish(NAME, Mode::Transactions);
}

/// Transactions of two producers between each other, one in three aborted; gives how many records are committed.
fn fill_transactions(bridge: &Bridge, name: &str, random: &mut Random) -> usize {
    let begin = (SystemTime::now() - 30 * DAY).duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let begin = i64::try_from(begin.as_millis()).expect("small");
    let mut writers = ["transfers", "fees"].map(|id| {
        Writer::transactional(&bridge.east.address(), id, &[("batch.size", "16384")]).expect("a producer")
    });
    let mut visible = 0;
    for round in 0..8.max(kills() * 2) {
        for writer in &writers {
            writer.begin().expect("begun");
        }
        for part in 0..4 {
            for (party, writer) in (0..).zip(&mut writers) {
                for number in 0..1_250 {
                    let text =
                        format!("{party}:{round}:{part}:{number} of an order long enough to fill batches");
                    let record = BaseRecord::<str, str>::to(name).partition(number % PARTITIONS).key(&text);
                    writer.send(record.payload(&text).timestamp(begin)).expect("sent");
                }
                writer.flush().expect("acknowledged");
            }
        }
        for writer in &writers {
            if random.between(0, 3) == 0 {
                writer.abort().expect("aborted");
            } else {
                writer.commit().expect("committed");
                visible += 5_000;
            }
        }
    }
    visible
}

fn compacted(bridge: &Bridge, random: &mut Random) {
    const NAME: &str = "customers";
    let keys = 30_000.max(i64::try_from(kills()).expect("small") * 3_000);
    let topic = Compacted { topic: NAME, codec: "none", keys, age: Duration::from_secs(5 * 3_600) };
    topic.fill(&bridge.east).expect("filled");
    topic.wait_clean(&bridge.east).expect("clean");
    let plan = slow(bridge.plan(NAME), 256 << 10);
    let mut ordeal = Ordeal { bridge, strait: bridge.start(NAME, &plan), deletes_data: true };
    ordeal.kill_often(&[NAME.to_owned()], random);
    ordeal.finish(NAME, Mode::Transactions);
}

/// A copy takes seconds, so that deaths find it under way.
fn slow(plan: Plan, rate: u64) -> Plan {
    let limits = "partition_fetch_bytes = 65536".to_owned();
    Plan { limits, ..plan }.with(&format!("rate_limit_bytes = {rate}"))
}

/// What carries a topic's records to the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Transactions,
    /// Sequences carry the new ones.
    Both,
}

struct Ordeal<'a> {
    bridge: &'a Bridge,
    strait: Strait,
    deletes_data: bool,
}

impl Ordeal<'_> {
    /// Every other time as soon as the flow is owned, else while it copies.
    fn kill_often(&mut self, names: &[String], random: &mut Random) {
        let span = |kafka, prefix: &str| -> i64 {
            names.iter().map(|name| topic::span(kafka, &format!("{prefix}{name}"))).sum()
        };
        let bridge = self.bridge;
        let total = span(&bridge.east, "");
        let share = total.unsigned_abs() / (kills() + 1) / 2;
        for kill in 0..kills() {
            if kill % 2 == 0 {
                let wanted =
                    span(&bridge.west, "east.") + i64::try_from(random.between(1, share)).expect("small");
                let grown = |_: &Strait| {
                    let copied = span(&bridge.west, "east.");
                    Ok(if copied >= wanted {
                        Attempt::Done(copied)
                    } else {
                        Attempt::NotYet(format!("{copied} offsets"))
                    })
                };
                let copied = self
                    .strait
                    .wait(&format!("{wanted} offsets at the target"), LIMIT, grown)
                    .expect("copying");
                assert!(copied < total, "all {total} offsets were copied before kill {kill}");
            } else {
                let owned =
                    |strait: &Strait| u64::try_from(strait.log().matches(OWNED).count()).expect("small");
                let look = |strait: &Strait| {
                    Ok(if owned(strait) > kill {
                        Attempt::Done(())
                    } else {
                        Attempt::NotYet("not yet".to_owned())
                    })
                };
                self.strait.wait("the flow is owned again", LIMIT, look).expect("owned");
            }
            self.strait.kill().expect("killed");
            if self.deletes_data {
                self.strait.delete_data().expect("deleted");
            }
            self.strait.restart().expect("started again");
        }
    }

    /// Waits for the rest of a topic and compares all of it.
    fn finish(&mut self, name: &str, mode: Mode) {
        let bridge = self.bridge;
        let remote = format!("east.{name}");
        let pair = Pair { source: (&bridge.east, name), target: (&bridge.west, &remote), flow: FLOW };
        pair.assert_copied(&mut self.strait, Timestamps::Compared, LIMIT).expect("copied");
        assert!(self.strait.log().contains(TRANSACTIONS_USED), "no transaction was used");
        let records = Contents::read(&bridge.west, &remote).expect("the target").count();
        let partitions = topic::bounds(&bridge.west, &remote).expect("the target").into_keys();
        let batches: Vec<_> = partitions
            .flat_map(|partition| segment::batches(&bridge.west, &remote, partition).expect("the log"))
            .collect();
        let in_sequences = batches.iter().filter(|batch| !batch.is_transactional).count();
        println!(
            "{name}: {records} records the same after {} kills; {in_sequences} of {} batches outside of transactions",
            kills(),
            batches.len()
        );
        assert!(in_sequences < batches.len(), "{name}: no batch is in a transaction");
        assert_eq!(in_sequences > 0, mode == Mode::Both, "{name}: {mode:?}");
    }
}
