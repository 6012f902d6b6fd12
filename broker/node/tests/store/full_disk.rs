//! A disk without room, and one that does not flush: clients are told, what was acknowledged stays, and with room again
//! all goes on.

use std::time::Duration;

use strait_broker_log::store::faulty::FaultyStore;
use strait_client::{
    Acks, Chosen, ClientConfig, Cluster, ErrorCode, Producer, ProducerConfig, ProducerRecord,
};
use tokio::runtime::Runtime;

use super::load::{committed, create, new_topic};
use super::node::Node;

const QUICK: (&str, &str) = ("offsets.topic.num.partitions", "2");

/// A producer that tries a record once, in a request of its own.
fn producer(client: ClientConfig) -> Producer {
    let config = ProducerConfig {
        acks: Acks::All,
        retries: 0,
        enable_idempotence: Chosen::Explicitly(false),
        linger_ms: 0,
        batch_size: 1,
        ..ProducerConfig::default()
    };
    Producer::new(client, config).expect("a producer")
}

async fn send(
    producer: &Producer,
    topic: &str,
    partition: i32,
    value: &str,
) -> Result<(), Option<ErrorCode>> {
    let record = ProducerRecord::new(topic, value.to_owned()).with_partition(partition);
    let delivery = producer.send(record).await.expect("taken");
    delivery.await.map(drop).map_err(|error| error.code())
}

#[test]
fn a_full_disk_stops_writes_until_there_is_room() {
    let (store, folder) = (FaultyStore::new(1), tempfile::tempdir().expect("a folder"));
    let node = Node::start(&store, folder.path(), &[QUICK]);
    Runtime::new().expect("a runtime").block_on(async {
        create(node.client(), &["t"]).await;
        let producer = producer(node.client());
        for number in 0..10 {
            send(&producer, "t", number % 2, &number.to_string()).await.expect("room");
        }
        store.set_room(Some(100));
        let full = Err(Some(ErrorCode::KAFKA_STORAGE_ERROR));
        for _ in 0..3 {
            assert_eq!(send(&producer, "t", 0, &"9".repeat(1_000)).await, full);
        }
        let cluster = Cluster::connect(node.client()).await.expect("connected");
        let made = cluster.create_topics(vec![new_topic("u", 1)], false).await.expect("answered");
        let refused = made[0].1.as_ref().expect_err("no room").code;
        assert_eq!(refused, ErrorCode::KAFKA_STORAGE_ERROR);
        // Readers are served.
        assert_eq!(committed(node.client(), "t").await.concat().len(), 10);
        store.set_room(None);
        send(&producer, "t", 0, "10").await.expect("room again");
        create(node.client(), &["u"]).await;
        assert_eq!(committed(node.client(), "t").await, [vec![0, 2, 4, 6, 8, 10], vec![1, 3, 5, 7, 9]]);
        producer.close(Duration::from_secs(1)).await;
    });
    node.stop();
}

#[test]
fn of_batches_that_come_together_those_are_written_that_have_room() {
    let (store, folder) = (FaultyStore::new(2), tempfile::tempdir().expect("a folder"));
    let node = Node::start(&store, folder.path(), &[QUICK]);
    Runtime::new().expect("a runtime").block_on(async {
        create(node.client(), &["t"]).await;
        let producer = producer(node.client());
        let (mut written, mut refused) = (vec![0], 0);
        send(&producer, "t", 0, "0").await.expect("room");
        for round in 1..20 {
            store.set_room(Some(round * 40));
            let mut deliveries = Vec::new();
            for number in round * 10..round * 10 + 10 {
                let record = ProducerRecord::new("t", number.to_string()).with_partition(0);
                deliveries.push((number, producer.send(record).await.expect("taken")));
            }
            for (number, delivery) in deliveries {
                match delivery.await {
                    Ok(_) => written.push(number),
                    Err(error) => {
                        assert_eq!(error.code(), Some(ErrorCode::KAFKA_STORAGE_ERROR));
                        refused += 1;
                    }
                }
            }
        }
        store.set_room(None);
        assert!(written.len() > 20 && refused > 20, "{} written, {refused} refused", written.len());
        assert_eq!(committed(node.client(), "t").await[0], written);
        producer.close(Duration::from_secs(1)).await;
    });
    node.stop();
}

#[test]
fn a_failed_flush_stops_one_partition_and_acknowledges_nothing() {
    let (store, folder) = (FaultyStore::new(1), tempfile::tempdir().expect("a folder"));
    let node = Node::start(&store, folder.path(), &[QUICK, ("log.flush.interval.messages", "1")]);
    Runtime::new().expect("a runtime").block_on(async {
        create(node.client(), &["t"]).await;
        let producer = producer(node.client());
        send(&producer, "t", 0, "0").await.expect("flushed");
        send(&producer, "t", 1, "1").await.expect("flushed");
        store.fail_syncs(1);
        let failed = Err(Some(ErrorCode::KAFKA_STORAGE_ERROR));
        assert_eq!(send(&producer, "t", 0, "2").await, failed);
        // What is on disk is not known, so nothing more is written there.
        assert_eq!(send(&producer, "t", 0, "4").await, failed);
        send(&producer, "t", 1, "3").await.expect("the other partition is not concerned");
        // Nobody sees what might be gone after a power loss.
        assert_eq!(committed(node.client(), "t").await, [vec![0], vec![1, 3]]);
    });
    store.lose_power();
    node.end();
    let node = Node::start(&store, folder.path(), &[QUICK]);
    Runtime::new().expect("a runtime").block_on(async {
        let found = committed(node.client(), "t").await;
        assert!(matches!(found[0][..], [0] | [0, 2]), "{found:?}");
        assert_eq!(found[1], [1, 3]);
    });
    node.stop();
}
