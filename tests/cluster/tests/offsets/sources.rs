//! Topics that groups read: plain, in transactions, old, compacted.

use std::ops::Range;
use std::time::Duration;

use anyhow::Result;
use rdkafka::Message;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::compacted::Compacted;
use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{reader, settings, topic};

pub(crate) const TOPICS: [&str; 4] = ["plain", "transactional", "old", "compacted"];
const WRITERS: u64 = 6;
const MONTH_MS: i64 = 30 * 24 * 3_600 * 1_000;
const COMPACTED: Compacted<'static> =
    Compacted { topic: "compacted", codec: "lz4", keys: 4_000, age: Duration::from_secs(6 * 3_600) };

/// Offset, and what tells a record from all others of its topic.
pub(crate) type Records = Vec<(i64, String)>;

/// How much is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount {
    /// Of the plain and of the old topic.
    records: u64,
    /// Of three records each. Enough that parts of the offset map are sealed.
    transactions: u64,
}

impl Amount {
    /// `STRAIT_OFFSET_RECORDS` (30,000; by hand 1,000,000).
    pub(crate) fn chosen() -> Self {
        let records = settings::number("STRAIT_OFFSET_RECORDS", 30_000);
        Self { records, transactions: 1_800.max(records / 40) }
    }
}

/// Makes the topics; the compacted one is full at once, and clean.
pub(crate) fn make(kafka: &Kafka) -> Result<()> {
    COMPACTED.fill(kafka)?;
    for name in TOPICS.into_iter().filter(|name| *name != COMPACTED.topic) {
        topic::create(kafka, name, 1, &["retention.ms=-1"])?;
    }
    COMPACTED.wait_clean(kafka)
}

/// One of several parts of the other topics.
pub(crate) fn write_part(kafka: &Kafka, amount: Amount, part: u64, parts: u64) -> Result<()> {
    let numbers = |count: u64| (count * part / parts)..(count * (part + 1) / parts);
    for (name, age_ms) in [("plain", 0), ("old", MONTH_MS)] {
        let mut writer = Writer::open(&kafka.address(), &[])?;
        for number in numbers(amount.records) {
            let timestamp = now_ms() - age_ms;
            let value = format!("{name} {number}");
            writer
                .send(BaseRecord::<str, str>::to(name).partition(0).timestamp(timestamp).payload(&value))?;
        }
        writer.flush()?;
    }
    let range = numbers(amount.transactions);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let range = range.clone();
                scope.spawn(move || write_transactions(kafka, writer, part, range))
            })
            .collect();
        writers.into_iter().try_for_each(|writer| writer.join().expect("no panic"))
    })
}

/// Transactions of a few records, of which three of ten are aborted.
fn write_transactions(kafka: &Kafka, writer: u64, part: u64, numbers: Range<u64>) -> Result<()> {
    let settings = [("linger.ms", "0")];
    let mut open = Writer::transactional(&kafka.address(), &format!("writer-{writer}"), &settings)?;
    for transaction in numbers.filter(|number| number % WRITERS == writer) {
        open.begin()?;
        for record in 0..3 {
            let value = format!("transactional {part}-{transaction}-{record}");
            open.send(BaseRecord::<str, str>::to("transactional").partition(0).payload(&value))?;
        }
        match (transaction / WRITERS) % 10 {
            3 | 6 | 9 => open.abort()?,
            _ => open.commit()?,
        }
    }
    Ok(())
}

/// All committed records of a topic.
pub(crate) fn records(kafka: &Kafka, topic: &str) -> Records {
    let mut records = Records::new();
    reader::every(kafka, topic, |message| {
        let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
        records.push((message.offset(), format!("{} {}", text(message.key()), text(message.payload()))));
    })
    .expect("read");
    records
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
