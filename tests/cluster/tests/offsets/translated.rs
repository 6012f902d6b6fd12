//! `strait offsets translate`, `strait group sync`, `strait flow checkpoints|heartbeats` on a topic with transactions,
//! aborted ones among them.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use rdkafka::producer::BaseRecord;
use serde_json::Value;
use strait_client::{CommittedOffset, CommittedOffsets};
use strait_cluster_tests::bridge::{Bridge, FLOW};
use strait_cluster_tests::cases::Cases;
use strait_cluster_tests::strait::Strait;
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{binary, groups, topic};

use crate::many;
use crate::sources::{self, Records};

const TOPIC: &str = "payments";
const REMOTE: &str = "east.payments";
const LIMIT: Duration = Duration::from_secs(60);
const TRANSACTIONS: i64 = 40;
const GROUPS: usize = 900;
/// 2026-01-31T08:00:00Z: markers of transactions are younger than all records, at the target too.
const BEGIN_MS: i64 = 1_769_846_400_000;
/// Between two records.
const STEP_MS: i64 = 1_000;

#[test]
fn offsets_are_translated_both_ways() {
    let Some(bridge) = Bridge::enter("offsets_are_translated_both_ways", &[]) else { return };
    write(&bridge);
    let mut strait = bridge.strait("translated", TOPIC, "group_interval_ms = 500\nsync_groups = false");
    bridge.assert_copied(&mut strait, TOPIC);
    let both = Both {
        source: sources::records(&bridge.east, TOPIC),
        target: sources::records(&bridge.west, REMOTE),
    };
    let mut cases = Cases::begin();
    cases.run("positions", || both.positions(&strait));
    cases.run("a time", || both.time(&strait));
    cases.run("groups", || both.groups(&bridge, &mut strait));
    cases.run("many groups", || both.many_groups(&bridge, &strait));
    cases.run("outputs", || both.outputs(&strait));
    cases.run("heartbeats", || heartbeats(&mut strait));
    cases.finish();
}

/// Transactions of three records; of each four one is aborted. Records are a second apart.
fn write(bridge: &Bridge) {
    topic::create(&bridge.east, TOPIC, 1, &["retention.ms=-1"]).expect("a topic");
    let mut writer = Writer::transactional(&bridge.east.address(), "payer", &[]).expect("a producer");
    for transaction in 0..TRANSACTIONS {
        writer.begin().expect("begun");
        for record in 0..3 {
            let number = 3 * transaction + record;
            let value = format!("payment {number}");
            let record = BaseRecord::<str, str>::to(TOPIC).partition(0).payload(&value);
            writer.send(record.timestamp(BEGIN_MS + number * STEP_MS)).expect("sent");
        }
        match transaction % 4 {
            3 => writer.abort().expect("aborted"),
            _ => writer.commit().expect("committed"),
        }
    }
}

struct Both {
    source: Records,
    target: Records,
}

fn index_of(records: &Records, offset: i64) -> usize {
    records.partition_point(|(at, _)| *at < offset)
}

impl Both {
    fn positions(&self, strait: &Strait) {
        let (source_end, target_end) =
            (self.source.last().expect("records").0, self.target.last().expect("records").0);
        for (arguments, topic, end, from, to) in [
            (&[][..], TOPIC, source_end, &self.source, &self.target),
            (&["--back"][..], REMOTE, target_end, &self.target, &self.source),
        ] {
            let positions: Vec<String> =
                (0..=end).map(|offset| format!("--position={topic}:0:{offset}")).collect();
            let rows = translate(strait, &[arguments, texts(&positions).as_slice()].concat());
            let (asked, found) = match arguments.is_empty() {
                true => ("source_offset", "target_offset"),
                false => ("target_offset", "source_offset"),
            };
            assert_eq!(rows.len(), positions.len());
            for row in rows {
                let (asked, found) =
                    (row[asked].as_i64().expect("a number"), row[found].as_i64().expect("a number"));
                assert_eq!(row["translation"], "exact", "{row}");
                assert_eq!(index_of(from, asked), index_of(to, found), "{row}");
            }
        }
    }

    /// The record that is read next at the target is the first that is not older, whatever markers say.
    fn time(&self, strait: &Strait) {
        let number = |records: &Records, index: usize| -> i64 {
            let value = &records[index].1;
            value.rsplit_once(' ').expect("a number").1.parse().expect("a number")
        };
        for record in [0, 1, 3, 10, 50, 58, 100] {
            // Half a second before it.
            let time = match record {
                0 => "--time=2026-01-31T07:59:59.500Z".to_owned(),
                _ => format!("--time=2026-01-31T08:{:02}:{:02}.500Z", (record - 1) / 60, (record - 1) % 60),
            };
            let rows = translate(strait, &[&time]);
            let offset = rows[0]["target_offset"].as_i64().expect("a number");
            let first = (0..self.source.len())
                .find(|index| number(&self.source, *index) >= record)
                .expect("a record");
            assert_eq!(index_of(&self.target, offset), first, "{time}: {rows:?}");
            let back = translate(strait, &["--back", &time]);
            let offset = back[0]["source_offset"].as_i64().expect("a number");
            assert_eq!(index_of(&self.source, offset), first, "{time}: {back:?}");
        }
        let rows = translate(strait, &["--time=2100-01-01T00:00:00Z"]);
        let offset = rows[0]["target_offset"].as_i64().expect("a number");
        assert_eq!(index_of(&self.target, offset), self.target.len(), "behind the end: {rows:?}");
    }

    fn groups(&self, bridge: &Bridge, strait: &mut Strait) {
        let middle = self.source[self.source.len() / 2].0;
        for (group, offset) in [("first", 0), ("half", middle)] {
            groups::commit(&bridge.east, group, &[(TOPIC, 0, offset)]).expect("committed");
        }
        let row = |rows: &[Value], group: &str| -> Value {
            rows.iter().find(|row| row["group"] == group).expect("the group").clone()
        };
        let rows = translate(strait, &["--all-groups"]);
        let target = row(&rows, "half")["target_offset"].as_i64().expect("a number");
        assert_eq!(index_of(&self.target, target), self.source.len() / 2);
        assert_eq!(translate(strait, &["--group=half"]), [row(&rows, "half")]);
        // A dry run commits nothing, the real one what it said.
        let places = [(REMOTE, 0)];
        let dry = run(strait, &["group", "sync", FLOW, "--dry-run", "--output=json"]);
        assert_eq!(row(dry["partitions"].as_array().expect("rows"), "half")["sync"], "commit");
        assert!(groups::committed(&bridge.west, "half", &places).expect("asked").is_empty());
        let done = run(strait, &["group", "sync", FLOW, "half", "--output=json"]);
        assert_eq!(
            (&done["groups"][0]["state"], &done["partitions"][0]["sync"]),
            (&"synced".into(), &"synced".into())
        );
        let committed = groups::committed(&bridge.west, "half", &places).expect("asked");
        assert_eq!(committed.values().copied().collect::<Vec<_>>(), [target]);
        assert!(
            groups::committed(&bridge.west, "first", &places).expect("asked").is_empty(),
            "not asked for"
        );
        let back = translate(strait, &["--back", "--group=half"]);
        assert_eq!(
            index_of(&self.source, back[0]["source_offset"].as_i64().expect("a number")),
            self.source.len() / 2
        );
        let expected = BTreeMap::from([("first", self.target[0].0), ("half", target)]);
        strait
            .wait("checkpoints", LIMIT, |strait| {
                let rows = run(strait, &["flow", "checkpoints", FLOW, "--output=json"]);
                let rows = rows["checkpoints"].as_array().cloned().unwrap_or_default();
                let found: BTreeMap<&str, i64> = rows
                    .iter()
                    .filter_map(|row| Some((row["group"].as_str()?, row["target_offset"].as_i64()?)))
                    .collect();
                Ok(if found == expected { Attempt::Done(()) } else { Attempt::NotYet(format!("{found:?}")) })
            })
            .expect("published");
    }

    /// Several times as many as a pass takes at a time.
    fn many_groups(&self, bridge: &Bridge, strait: &Strait) {
        let place = |number: usize| number % self.source.len();
        let names: Vec<String> = (0..GROUPS).map(|number| format!("one-of-many-{number:04}")).collect();
        let commits = names.iter().enumerate().map(|(number, name)| {
            let offset = self.source[place(number)].0;
            let committed = CommittedOffset { offset, leader_epoch: -1, metadata: format!("of {name}") };
            (
                name.clone(),
                CommittedOffsets::from([(TOPIC.to_owned(), [(0, committed)].into_iter().collect())]),
            )
        });
        many::commit(&bridge.east, &commits.collect()).expect("committed");
        let done = run(strait, &["group", "sync", FLOW, "--output=json"]);
        let shown = done["groups"].as_array().expect("groups");
        for name in &names {
            let group = shown.iter().find(|group| group["id"] == **name).expect("the group");
            assert_eq!(group["state"], "synced", "{group}");
        }
        let committed = many::committed(&bridge.west, &names).expect("asked");
        for (number, name) in names.iter().enumerate() {
            let found = &committed[name][REMOTE][&0];
            assert_eq!(index_of(&self.target, found.offset), place(number), "{name}: {found:?}");
            assert_eq!(found.metadata, format!("of {name}"));
        }
    }

    fn outputs(&self, strait: &Strait) {
        let (source, target) = (self.source[0].0, self.target[0].0);
        let position = format!("--position={TOPIC}:0:{source}");
        let arguments = ["offsets", "translate", FLOW, &position];
        let header = "group,topic,partition,remote_topic,source_offset,target_offset,translation";
        let expected = format!("{header}\n,{TOPIC},0,{REMOTE},{source},{target},exact\n");
        assert_eq!(printed(strait, &[&arguments[..], &["--output=csv"]].concat()), expected);
        let table = printed(strait, &arguments);
        assert!(table.contains("TARGET_OFFSET") && table.contains(REMOTE), "{table}");
        let unknown = translate(strait, &["--position=nothing:0:5"]);
        assert_eq!(
            (&unknown[0]["translation"], &unknown[0]["target_offset"]),
            (&"not_copied".into(), &Value::Null)
        );
    }
}

fn heartbeats(strait: &mut Strait) {
    let look = |strait: &Strait| {
        let rows = run(strait, &["flow", "heartbeats", FLOW, "--output=json"]);
        let row = &rows["heartbeats"][0];
        let is_ours = row["topic"] == "heartbeats" && row["source"] == "east" && row["target"] == "west";
        Ok(if is_ours { Attempt::Done(()) } else { Attempt::NotYet(rows.to_string()) })
    };
    strait.wait("a heartbeat", LIMIT, look).expect("written");
}

fn texts(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

/// Rows of `strait offsets translate`.
pub(crate) fn translate(strait: &Strait, arguments: &[&str]) -> Vec<Value> {
    let answer = run(strait, &[&["offsets", "translate", FLOW, "--output=json"], arguments].concat());
    answer["offsets"].as_array().expect("rows").clone()
}

fn run(strait: &Strait, arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(strait, arguments)).expect("JSON")
}

fn printed(strait: &Strait, arguments: &[&str]) -> String {
    let output = Command::new(binary::path())
        .args(arguments)
        .env("STRAIT_ADDRESS", strait.address())
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}
