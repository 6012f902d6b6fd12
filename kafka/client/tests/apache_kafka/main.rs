//! The calls of the client against a real Apache Kafka.

mod administration;
mod principals;
mod security;
mod transactions;

use std::time::Duration;

use strait_client::{ClientConfig, Cluster, NewTopic};
use strait_cluster_tests::kafka::Kafka;

fn config_of(kafka: &Kafka) -> ClientConfig {
    ClientConfig {
        bootstrap: vec![kafka.address()],
        operation_timeout: Duration::from_secs(20),
        ..ClientConfig::default()
    }
}

fn block_on<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(test)
}

async fn create(cluster: &Cluster, topic: &str, partitions: i32, configs: &[(&str, &str)]) {
    let configs = configs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let (name, configs) = (topic.to_owned(), configs.collect());
    let topic = NewTopic { name, partitions, replication_factor: 1, configs };
    let created = cluster.create_topics(vec![topic], false).await.expect("an answer");
    assert!(created.iter().all(|(_, result)| result.is_ok()), "{created:?}");
}
