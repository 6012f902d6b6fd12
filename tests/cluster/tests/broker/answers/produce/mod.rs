//! Each odd batch is sent to topics of every kind: refused with the same code, or stored as the same bytes.

// What is sent.
mod cases;
mod records;
// What came of it.
mod stored;

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use bytes::Bytes;
use strait_cluster_tests::golden::{file, is_recording};
use strait_cluster_tests::kafka::{CURRENT, KRAFT_3_9};

use super::golden::{Answers, assert_same};
use super::peer::Peer;
use super::{ask_ours, record, requests};
use stored::Topic;

const SENT: &str = "produce-sent.txt";
/// A case that nobody can be in: its id was never given out.
const NOBODY: &str = "nobody";

/// One thing to send, to a topic of each kind.
pub(super) struct Case {
    name: String,
    /// Of the Produce request.
    version: i16,
    transactional_id: Option<&'static str>,
    bytes: Bytes,
}

impl Case {
    fn line(&self) -> String {
        let digits: String = self.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let whose = self.transactional_id.unwrap_or("-");
        format!("{}\t{}\t{whose}\t{digits}\n", self.name, self.version)
    }

    fn parse(line: &str) -> Option<Self> {
        let [name, version, whose, digits] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let digits = digits.as_bytes().chunks(2).map(|digits| std::str::from_utf8(digits).ok());
        let bytes = digits.map(|digits| u8::from_str_radix(digits?, 16).ok());
        Some(Self {
            name: name.to_owned(),
            version: version.parse().ok()?,
            transactional_id: (whose == NOBODY).then_some(NOBODY),
            bytes: bytes.collect::<Option<_>>()?,
        })
    }
}

/// The kinds of topics: name, and settings beside endless retention.
fn topics() -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let mut topics = Vec::new();
    for codec in ["producer", "zstd", "lz4", "uncompressed"] {
        for time in ["CreateTime", "LogAppendTime"] {
            for policy in ["delete", "compact"] {
                let settings = vec![
                    ("compression.type", codec),
                    ("message.timestamp.type", time),
                    ("cleanup.policy", policy),
                ];
                topics.push((format!("{codec}-{time}-{policy}"), settings));
            }
        }
    }
    let hour = "3600000";
    for time in ["CreateTime", "LogAppendTime"] {
        let settings = vec![
            ("message.timestamp.type", time),
            ("message.timestamp.before.max.ms", hour),
            ("message.timestamp.after.max.ms", hour),
        ];
        topics.push((format!("one-hour-{time}"), settings));
    }
    for codec in ["producer", "gzip"] {
        let settings = vec![("compression.type", codec), ("max.message.bytes", cases::SMALL_LIMIT)];
        topics.push((format!("small-{codec}"), settings));
    }
    topics
}

/// What is sent, as it was when a real Kafka was asked.
fn cases() -> Result<Vec<Case>> {
    let text = fs::read_to_string(file(SENT)).context("the file of batches")?;
    text.lines().map(|line| Case::parse(line).with_context(|| line.to_owned())).collect()
}

/// Sends every case to every topic; topics with the same answer share a line.
fn scenario(peer: &mut Peer) -> Result<Answers> {
    let mut wire = peer.wire()?;
    let mut made = Vec::new();
    for (name, settings) in topics() {
        let settings = [&settings[..], &[("retention.ms", "-1")]].concat();
        requests::create(&mut wire, &name, 1, &settings)?;
        made.push(Topic::new(name));
    }
    let mut answers = Answers::default();
    for case in cases()? {
        let mut by_answer: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for topic in &mut made {
            let answer = topic.send(&mut wire, &case);
            let answer = answer.with_context(|| format!("{} to {}", case.name, topic.name))?;
            by_answer.entry(answer).or_default().push(&topic.name);
        }
        for (answer, topics) in by_answer {
            for topic in topics {
                answers.add_at(&case.name, topic, answer.clone());
            }
        }
    }
    Ok(answers)
}

#[test]
fn odd_batches_are_refused_or_stored_as_by_kafka() {
    let releases = [CURRENT, KRAFT_3_9];
    if is_recording() {
        let lines: String = cases::all().iter().map(Case::line).collect();
        fs::write(file(SENT), lines).expect("written");
        for release in releases {
            record("produce", release, &[], scenario).expect("answers of a real Kafka");
        }
    }
    let ours = ask_ours(&[], scenario).expect("answers of our broker");
    for release in releases {
        assert_same("produce", release, &ours);
    }
}
