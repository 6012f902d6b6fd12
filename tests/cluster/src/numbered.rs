//! Topics of one partition whose values say which record they are.

use std::ops::Range;
use std::time::Duration;

use anyhow::Result;
use rdkafka::Message;
use rdkafka::producer::BaseRecord;

use crate::kafka::Kafka;
use crate::wait::Attempt;
use crate::writer::Writer;
use crate::{reader, topic, wait};

/// Produces records `word 0`, `word 1` and so on.
pub fn fill(kafka: &Kafka, topic: &str, word: &str, numbers: Range<i64>) {
    let mut writer = Writer::open(&kafka.address(), &[]).expect("a producer");
    for value in expected(word, numbers) {
        let record = BaseRecord::<str, str>::to(topic).partition(0).key("key").payload(&value);
        writer.send(record).expect("sent");
    }
    writer.flush().expect("acknowledged");
}

/// What `fill` produces.
pub fn expected(word: &str, numbers: Range<i64>) -> Vec<String> {
    numbers.map(|number| format!("{word} {number}")).collect()
}

/// The values of a topic, in order; waits until it is there.
pub fn values(kafka: &Kafka, topic: &str) -> Result<Vec<String>> {
    wait::until(&format!("{topic} is there"), Duration::from_secs(15), || {
        topic::bounds(kafka, topic).map(Attempt::Done)
    })?;
    let mut values = Vec::new();
    reader::every(kafka, topic, |message| {
        values.push(String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned());
    })?;
    Ok(values)
}
