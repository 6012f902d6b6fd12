//! What clients do, and what they were promised.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strait_client::{
    AutoOffsetReset, ClientConfig, Cluster, CommittedOffset, Consumer, ConsumerConfig, IsolationLevel,
    ListOffsetsAt, NewTopic, Producer, ProducerConfig, ProducerRecord, TopicPartition,
};

pub(crate) const PARTITIONS: i32 = 2;
/// Records of one transaction in each partition.
const RECORDS: usize = 2;
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that was acknowledged, over all lives of the broker.
#[derive(Debug, Default)]
pub(crate) struct Promised {
    /// Values of the topic `numbers`, and those whose fate is not known.
    pub(crate) written: BTreeSet<u64>,
    pub(crate) tried: BTreeSet<u64>,
    /// Transactions of the topic `transactions`.
    pub(crate) committed: BTreeSet<u64>,
    pub(crate) aborted: BTreeSet<u64>,
    /// Offset of the group `group` for partition 0 of `numbers`.
    pub(crate) offset: i64,
    pub(crate) topics: BTreeSet<String>,
    /// Names everything that is done.
    next: u64,
}

pub(crate) type Shared = Arc<Mutex<Promised>>;

fn next(promised: &Shared) -> u64 {
    let mut promised = promised.lock().expect("no panic");
    promised.next += 1;
    promised.next
}

pub(crate) fn new_topic(name: &str, partitions: i32) -> NewTopic {
    NewTopic { name: name.to_owned(), partitions, replication_factor: -1, configs: BTreeMap::new() }
}

/// Makes the topics of the loads.
pub(crate) async fn create(client: ClientConfig, names: &[&str]) {
    let cluster = Cluster::connect(client).await.expect("connected");
    let topics = names.iter().map(|name| new_topic(name, PARTITIONS));
    for (name, made) in cluster.create_topics(topics.collect(), false).await.expect("answered") {
        made.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// One record after the other, each acknowledged before the next.
pub(crate) async fn write(client: ClientConfig, promised: Shared) {
    let config = ProducerConfig { linger_ms: 0, ..ProducerConfig::default() };
    let Ok(producer) = Producer::new(client, config) else { return };
    loop {
        let number = next(&promised);
        promised.lock().expect("no panic").tried.insert(number);
        let partition = i32::from(number % 2 == 1);
        let record = ProducerRecord::new("numbers", number.to_string()).with_partition(partition);
        let Ok(delivery) = producer.send(record).await else { return };
        if delivery.await.is_err() {
            return;
        }
        promised.lock().expect("no panic").written.insert(number);
    }
}

/// Transactions over both partitions, each third aborted.
pub(crate) async fn transact(client: ClientConfig, promised: Shared) {
    let config =
        ProducerConfig { transactional_id: Some("id".to_owned()), linger_ms: 0, ..ProducerConfig::default() };
    let Ok(producer) = Producer::new(client, config) else { return };
    if producer.init_transactions().await.is_err() {
        return;
    }
    loop {
        let number = next(&promised);
        if producer.begin_transaction().is_err() {
            return;
        }
        for partition in (0..PARTITIONS).cycle().take(RECORDS * 2) {
            let record = ProducerRecord::new("transactions", number.to_string()).with_partition(partition);
            if producer.send(record).await.is_err() {
                return;
            }
        }
        let aborts = number.is_multiple_of(3);
        let ended =
            if aborts { producer.abort_transaction().await } else { producer.commit_transaction().await };
        if ended.is_err() {
            return;
        }
        let mut promised = promised.lock().expect("no panic");
        let ended = if aborts { &mut promised.aborted } else { &mut promised.committed };
        ended.insert(number);
    }
}

/// Growing offsets of a group, and topics.
pub(crate) async fn administer(client: ClientConfig, promised: Shared) {
    let Ok(cluster) = Cluster::connect(client).await else { return };
    loop {
        let number = next(&promised);
        let offset = i64::try_from(number).expect("few");
        let committed = CommittedOffset { offset, leader_epoch: -1, metadata: String::new() };
        let offsets = [("numbers".to_owned(), [(0, committed)].into_iter().collect())];
        let offsets = [("group".to_owned(), offsets.into())].into();
        let Ok(mut committed) = cluster.commit_offsets(&offsets).await else { return };
        let Some((_, Ok(partitions))) = committed.pop() else { return };
        if partitions.iter().any(|(_, committed)| committed.is_err()) {
            return;
        }
        promised.lock().expect("no panic").offset = offset;
        let name = format!("made-{number}");
        let Ok(made) = cluster.create_topics(vec![new_topic(&name, 1)], false).await else { return };
        if made.iter().any(|(_, made)| made.is_err()) {
            return;
        }
        promised.lock().expect("no panic").topics.insert(name);
    }
}

/// Values of each partition up to its end, as a reader of committed records sees them.
pub(crate) async fn committed(client: ClientConfig, topic: &str) -> Vec<Vec<u64>> {
    let config = ConsumerConfig {
        isolation_level: IsolationLevel::ReadCommitted,
        auto_offset_reset: AutoOffsetReset::Earliest,
        ..ConsumerConfig::default()
    };
    let mut consumer = Consumer::new(client, config).expect("a consumer");
    let partitions: Vec<TopicPartition> = (0..PARTITIONS).map(|index| (topic.to_owned(), index)).collect();
    let found =
        consumer.cluster().list_offsets(&partitions, ListOffsetsAt::Latest, IsolationLevel::ReadCommitted);
    let ends: BTreeMap<TopicPartition, i64> = found
        .await
        .expect("ends")
        .into_iter()
        .map(|(partition, end)| (partition, end.expect("an end").offset))
        .collect();
    consumer.assign(&partitions).expect("assigned");
    consumer.seek_to_beginning(&partitions).expect("sought");
    let mut values = vec![Vec::new(); partitions.len()];
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let is_done = |consumer: &Consumer| {
        partitions.iter().all(|partition| consumer.position(partition) >= ends.get(partition).copied())
    };
    while !is_done(&consumer) {
        assert!(tokio::time::Instant::now() < deadline, "not read to the end in {PATIENCE:?}");
        for record in consumer.poll(Duration::from_millis(100)).await.expect("read") {
            let value = record.value.expect("a value");
            let value = std::str::from_utf8(&value).expect("text").parse().expect("a number");
            values[usize::try_from(record.partition).expect("small")].push(value);
        }
    }
    values
}

/// Whether all promises are kept.
pub(crate) async fn check(client: ClientConfig, promised: &Promised, what: &str) {
    let numbers = committed(client.clone(), "numbers").await.concat();
    let found: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!(found.len(), numbers.len(), "{what}: a record is there twice");
    let lost: Vec<_> = promised.written.difference(&found).collect();
    assert!(lost.is_empty(), "{what}: acknowledged records are gone: {lost:?}");
    assert!(found.is_subset(&promised.tried), "{what}: nobody wrote that");
    let mut transactions: BTreeMap<u64, usize> = BTreeMap::new();
    for number in committed(client.clone(), "transactions").await.concat() {
        *transactions.entry(number).or_default() += 1;
    }
    for (number, count) in &transactions {
        assert_eq!(*count, RECORDS * 2, "{what}: transaction {number} is torn");
        assert!(!promised.aborted.contains(number), "{what}: aborted transaction {number} is visible");
    }
    let lost: Vec<_> =
        promised.committed.iter().filter(|number| !transactions.contains_key(number)).collect();
    assert!(lost.is_empty(), "{what}: committed transactions are gone: {lost:?}");
    check_metadata(client, promised, what).await;
}

async fn check_metadata(client: ClientConfig, promised: &Promised, what: &str) {
    let cluster = Cluster::connect(client).await.expect("connected");
    let found: BTreeSet<String> =
        cluster.refresh(None).await.expect("metadata").topics.keys().cloned().collect();
    let lost: Vec<_> = promised.topics.difference(&found).collect();
    assert!(lost.is_empty(), "{what}: topics are gone: {lost:?}");
    if promised.offset > 0 {
        let mut offsets = cluster.committed_offsets(&["group".to_owned()]).await.expect("offsets");
        let Some((_, Ok(offsets))) = offsets.pop() else { panic!("{what}: {offsets:?}") };
        let offset = offsets.get("numbers").and_then(|numbers| numbers.get(&0)).expect("an offset").offset;
        assert!(offset >= promised.offset, "{what}: offset {offset}, {} was acknowledged", promised.offset);
    }
}
