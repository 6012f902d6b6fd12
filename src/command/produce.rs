//! `strait produce`: each line of standard input becomes a record.

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::time::Duration;

use strait_client::{Cluster, Delivery, Producer, ProducerConfig, ProducerRecord, SettingError};

use super::kafka::{ConnectionArguments, run_async, setting_refused};
use crate::Failure;

/// Deliveries that are awaited at once; memory for records is bounded by buffer.memory.
const AWAITED: usize = 100_000;
const CLOSE_WITHIN: Duration = Duration::from_secs(150);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: ConnectionArguments,
    topic: String,
    /// A line is key and value with this between them; a line without it is a value.
    #[arg(long, value_name = "TEXT")]
    key_separator: Option<String>,
    /// The key of all records.
    #[arg(long, conflicts_with = "key_separator")]
    key: Option<String>,
    /// A header of all records; may be given often.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    header: Vec<(String, String)>,
    /// By key, or without a key in turn, without it.
    #[arg(long)]
    partition: Option<i32>,
    /// A value that stands for none: a tombstone.
    #[arg(long, value_name = "TEXT")]
    null: Option<String>,
    /// A setting of Kafka's producer, such as linger.ms=100; may be given often.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    run_async(async {
        let client = arguments.connection.client()?;
        let mut config = ProducerConfig::default();
        for (key, value) in &client.settings {
            match config.set(key, value) {
                // A file of a client may be shared with consumers and tools.
                Ok(()) | Err(SettingError::Unknown { .. }) => {}
                Err(error) => return Err(wrong(&error)),
            }
        }
        arguments
            .set
            .iter()
            .try_for_each(|(key, value)| config.set(key, value))
            .map_err(|error| wrong(&error))?;
        if config.transactional_id.is_some() {
            return Err(Failure::WrongInput(
                "error: transactional.id: lines are written one by one".to_owned(),
            ));
        }
        config.check().map_err(|error| wrong(&error))?;
        // A wrong address is said at once; a producer by itself goes on asking.
        Cluster::connect(client.cluster.clone()).await.map_err(failed)?;
        let producer = Producer::new(client.cluster, config).map_err(failed)?;
        let written = send_lines(arguments, &producer).await;
        producer.close(CLOSE_WITHIN).await;
        eprintln!("{} records written", written?);
        Ok(())
    })
}

fn failed(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Failed(error.into())
}

fn wrong(error: &SettingError) -> Failure {
    setting_refused(error, ProducerConfig::KEYS)
}

async fn send_lines(arguments: &Arguments, producer: &Producer) -> Result<u64, Failure> {
    let (lines, mut queue) = tokio::sync::mpsc::channel(1_000);
    // Standard input can't be waited for beside other things.
    std::thread::spawn(move || {
        for line in io::stdin().lock().split(b'\n') {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    let (mut awaited, mut written) = (VecDeque::<Delivery>::new(), 0);
    while let Some(line) = queue.recv().await {
        let line = line.map_err(failed)?;
        let delivery = producer.send(record(arguments, &line)).await.map_err(failed)?;
        awaited.push_back(delivery);
        while awaited.len() >= AWAITED {
            if let Some(delivery) = awaited.pop_front() {
                delivery.await.map_err(failed)?;
                written += 1;
            }
        }
    }
    producer.flush().await;
    for delivery in awaited {
        delivery.await.map_err(failed)?;
        written += 1;
    }
    Ok(written)
}

fn record(arguments: &Arguments, line: &[u8]) -> ProducerRecord {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let separator =
        arguments.key_separator.as_ref().map(|text| text.as_bytes()).filter(|text| !text.is_empty());
    let at = separator
        .and_then(|text| line.windows(text.len()).position(|window| window == text).zip(Some(text.len())));
    let (key, value) = match at {
        Some((at, length)) => (Some(line[..at].to_vec()), &line[at + length..]),
        None => (arguments.key.as_ref().map(|key| key.as_bytes().to_vec()), line),
    };
    let mut record = ProducerRecord::new(&arguments.topic, value.to_vec());
    if arguments.null.as_ref().is_some_and(|null| null.as_bytes() == value) {
        record.value = None;
    }
    record.key = key.map(Into::into);
    record.partition = arguments.partition;
    arguments.header.iter().fold(record, |record, (name, value)| record.with_header(name, value.clone()))
}
