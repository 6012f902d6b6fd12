//! Clients that are there while the tools run: a member of a group, and a transaction that is left open.

use std::time::Duration;

use anyhow::Result;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use strait_cluster_tests::topic;
use strait_cluster_tests::wait::{self, Attempt};

const TOPIC: &str = "transacted";
const LIMIT: Duration = Duration::from_secs(30);

/// They are there until this is dropped.
pub(super) struct Clients {
    _member: BaseConsumer,
    _transacting: BaseProducer,
}

impl Clients {
    /// A topic with an aborted transaction at offsets 0 to 2 and an open one from 3 on, and a group that is at 1.
    pub(super) fn start(address: &str) -> Result<Self> {
        let admin: AdminClient<DefaultClientContext> = topic::client(address).create()?;
        let created = NewTopic::new(TOPIC, 1, TopicReplication::Fixed(1));
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let outcomes = runtime.block_on(admin.create_topics([&created], &AdminOptions::new()))?;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        let aborting = transacting(address, "aborting")?;
        send(&aborting, 2)?;
        aborting.abort_transaction(LIMIT)?;
        let open = transacting(address, "open")?;
        send(&open, 1)?;
        Ok(Self { _member: member(address)?, _transacting: open })
    }
}

fn transacting(address: &str, id: &str) -> Result<BaseProducer> {
    let mut config = topic::client(address);
    // It must not end by itself while tools look at it.
    config.set("transactional.id", id).set("transaction.timeout.ms", "900000");
    let producer: BaseProducer = config.create()?;
    producer.init_transactions(LIMIT)?;
    producer.begin_transaction()?;
    Ok(producer)
}

fn send(producer: &BaseProducer, records: usize) -> Result<()> {
    for _ in 0..records {
        let record = BaseRecord::<(), str>::to(TOPIC).payload("sent");
        producer.send(record).map_err(|(error, _)| error)?;
    }
    Ok(producer.flush(LIMIT)?)
}

fn member(address: &str) -> Result<BaseConsumer> {
    let mut config = topic::client(address);
    config.set("group.id", "live").set("client.id", "watcher").set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create()?;
    consumer.subscribe(&[TOPIC])?;
    wait::until("a member has its partition", LIMIT, || {
        if let Some(polled) = consumer.poll(Duration::from_millis(100)) {
            polled?;
        }
        Ok(match consumer.assignment()?.count() {
            0 => Attempt::NotYet("none".to_owned()),
            _ => Attempt::Done(()),
        })
    })?;
    let mut position = TopicPartitionList::new();
    position.add_partition_offset(TOPIC, 0, Offset::Offset(1))?;
    consumer.commit(&position, CommitMode::Sync)?;
    Ok(consumer)
}
