//! The calls of the client against a real Apache Kafka.

use std::collections::BTreeMap;
use std::time::Duration;

use strait_client::{ClientConfig, Cluster, EpochEnd, NewTopic, TopicConfigChange};
use strait_cluster_tests::kafka::{CURRENT, Kafka, ZOOKEEPER_2_8};
use strait_cluster_tests::world::World;
use strait_wire::error_code::ErrorCode;

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

#[test]
fn settings_of_topics_are_read_and_changed() {
    let Some(_world) = World::enter("settings_of_topics_are_read_and_changed") else { return };
    for release in [CURRENT, ZOOKEEPER_2_8] {
        let kafka = Kafka::start(release).expect("a broker");
        block_on(async {
            let cluster = Cluster::connect(config_of(&kafka)).await.expect("connected");
            create(&cluster, "orders", 1, &[("retention.ms", "1000"), ("cleanup.policy", "compact")]).await;
            let change = TopicConfigChange {
                topic: "orders".to_owned(),
                set: BTreeMap::from([("retention.ms".to_owned(), "2000".to_owned())]),
                delete: vec!["cleanup.policy".to_owned()],
            };
            let wrong = TopicConfigChange { topic: "absent".to_owned(), ..change.clone() };
            let altered =
                cluster.incremental_alter_configs(&[change, wrong], false).await.expect("an answer");
            let altered: BTreeMap<_, _> = altered.into_iter().collect();
            assert_eq!(altered["orders"], Ok(()));
            assert!(altered["absent"].is_err());
            let topics = ["orders".to_owned(), "absent".to_owned()];
            let described = cluster.describe_topic_configs(&topics).await.expect("an answer");
            let described: BTreeMap<_, _> = described.into_iter().collect();
            let configs = described["orders"].as_ref().expect("orders is there");
            let find =
                |name: &str| configs.iter().find(|config| config.name == name).expect("a known setting");
            assert_eq!(find("retention.ms").value.as_deref(), Some("2000"));
            assert!(find("retention.ms").is_set_by_topic());
            assert_eq!(find("cleanup.policy").value.as_deref(), Some("delete"));
            assert!(!find("cleanup.policy").is_set_by_topic());
            let refused = described["absent"].as_ref().expect_err("absent is not there");
            assert_eq!(refused.code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        });
    }
}

#[test]
fn the_end_of_an_epoch_is_told() {
    let Some(_world) = World::enter("the_end_of_an_epoch_is_told") else { return };
    let kafka = Kafka::start(CURRENT).expect("a broker");
    block_on(async {
        let cluster = Cluster::connect(config_of(&kafka)).await.expect("connected");
        create(&cluster, "orders", 2, &[]).await;
        let asked = [(("orders".to_owned(), 0), 0), (("orders".to_owned(), 1), 7)];
        let ends = cluster.offset_for_leader_epoch(&asked).await.expect("an answer");
        assert_eq!(ends[0], (("orders".to_owned(), 0), Ok(EpochEnd { leader_epoch: 0, end_offset: 0 })));
        assert_eq!(ends[1], (("orders".to_owned(), 1), Ok(EpochEnd { leader_epoch: -1, end_offset: -1 })));
    });
}
