//! Transactions of our producer, and offsets of our consumer in them.

use std::time::Duration;

use strait_client::{Offsets, ProducerRecord};
use strait_cluster_tests::kafka::Kafka;
use strait_cluster_tests::numbered::{expected, fill, values};
use strait_cluster_tests::topic;
use strait_cluster_tests::world::World;
use tokio::runtime::Runtime;

use super::{BOTH, LIMIT, consumer, producer, read, send};

#[test]
fn a_transaction_is_read_whole_or_not_at_all() {
    let Some(_world) = World::enter("a_transaction_is_read_whole_or_not_at_all") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        topic::create(&kafka, "orders", 1, &[]).expect("a topic");
        runtime.block_on(transactions(&kafka));
        let committed = [expected("first", 0..100), expected("third", 0..10)].concat();
        assert_eq!(values(&kafka, "orders").expect("read"), committed, "librdkafka");
    }
}

async fn transactions(kafka: &Kafka) {
    let first = producer(kafka, &[("transactional.id", "writer")]);
    let record = || ProducerRecord::new("orders", "early");
    assert!(first.send(record()).await.is_err(), "not initialized");
    first.init_transactions().await.expect("initialized");
    assert!(first.send(record()).await.is_err(), "no transaction");
    for (word, count, commit) in [("first", 100, true), ("second", 50, false), ("third", 10, true)] {
        first.begin_transaction().expect("begun");
        send(&first, "orders", word, 0..count).await;
        match commit {
            true => first.commit_transaction().await.expect("committed"),
            false => first.abort_transaction().await.expect("aborted"),
        }
    }
    first.begin_transaction().expect("begun");
    first.commit_transaction().await.expect("nothing to commit");
    for (level, count) in [("read_committed", 110), ("read_uncommitted", 160)] {
        let mut reader = consumer(kafka, level, &[("isolation.level", level)]);
        reader.subscribe(&["orders"]).expect("subscribed");
        let records = read(&mut reader, count).await;
        assert_eq!(records.len(), count, "{level}");
        assert!(reader.poll(Duration::from_millis(500)).await.expect("nothing").is_empty(), "{level}");
        reader.close(LIMIT).await.expect("closed");
    }
    first.begin_transaction().expect("begun");
    send(&first, "orders", "fourth", 0..5).await;
    let second = producer(kafka, &[("transactional.id", "writer")]);
    second.init_transactions().await.expect("initialized");
    let error = first.commit_transaction().await.expect_err("fenced");
    assert!(error.is_fatal(), "{error}");
    assert!(first.begin_transaction().expect_err("for ever").is_fatal());
}

#[test]
fn offsets_of_a_consumer_are_part_of_the_transaction() {
    let Some(_world) = World::enter("offsets_of_a_consumer_are_part_of_the_transaction") else { return };
    let runtime = Runtime::new().expect("a runtime");
    for release in BOTH {
        let kafka = Kafka::start(release).expect("a broker");
        topic::create(&kafka, "in", 1, &[]).expect("a topic");
        topic::create(&kafka, "out", 1, &[]).expect("a topic");
        fill(&kafka, "in", "record", 0..200);
        runtime.block_on(copy(&kafka));
        assert_eq!(values(&kafka, "out").expect("read"), expected("record", 0..200));
    }
}

/// Every other batch is aborted and read again.
async fn copy(kafka: &Kafka) {
    let settings = [("enable.auto.commit", "false"), ("max.poll.records", "30")];
    let mut reader = consumer(kafka, "copiers", &settings);
    reader.subscribe(&["in"]).expect("subscribed");
    let writer = producer(kafka, &[("transactional.id", "copier")]);
    writer.init_transactions().await.expect("initialized");
    let partition = ("in".to_owned(), 0);
    let (mut done, mut commit) = (0, false);
    while done < 200 {
        let records = read(&mut reader, 1).await;
        assert_eq!(records[0].offset, done, "from the last commit on");
        writer.begin_transaction().expect("begun");
        for record in &records {
            let copied = ProducerRecord::new("out", record.value.clone().expect("a value")).with_partition(0);
            drop(writer.send(copied).await.expect("taken"));
        }
        let next = records.last().expect("at least one").offset + 1;
        let offsets = Offsets::from([(partition.clone(), next.into())]);
        let group = reader.group_metadata().expect("a member");
        writer.send_offsets_to_transaction(offsets, group).await.expect("sent");
        commit = !commit;
        if commit {
            writer.commit_transaction().await.expect("committed");
            done = next;
        } else {
            writer.abort_transaction().await.expect("aborted");
            let committed = reader.committed(std::slice::from_ref(&partition)).await.expect("known");
            assert_eq!(committed.get(&partition).map_or(0, |found| found.offset), done);
            reader.seek(&partition, done).expect("assigned");
        }
    }
    writer.close(LIMIT).await;
    reader.close(LIMIT).await.expect("closed");
}
