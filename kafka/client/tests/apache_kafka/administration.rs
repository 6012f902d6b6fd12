//! Settings of topics and ends of epochs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use strait_client::{Acl, BrokerError, ClientError, Cluster, EpochEnd, TopicConfig, TopicConfigChange};
use strait_cluster_tests::kafka::{CURRENT, Kafka, ZOOKEEPER_2_8};
use strait_cluster_tests::world::World;
use strait_wire::error_code::ErrorCode;

use crate::principals::{quotas_are_changed, users_are_changed};
use crate::{block_on, config_of, create};

#[test]
fn settings_of_topics_and_clients_are_read_and_changed() {
    let Some(_world) = World::enter("settings_of_topics_and_clients_are_read_and_changed") else { return };
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
            let described = altered_configs(&cluster).await;
            let configs = described["orders"].as_ref().expect("orders is there");
            let find =
                |name: &str| configs.iter().find(|config| config.name == name).expect("a known setting");
            assert_eq!(find("retention.ms").value.as_deref(), Some("2000"));
            assert!(find("retention.ms").is_set_by_topic());
            assert_eq!(find("cleanup.policy").value.as_deref(), Some("delete"));
            assert!(!find("cleanup.policy").is_set_by_topic());
            let refused = described["absent"].as_ref().expect_err("absent is not there");
            assert_eq!(refused.code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
            quotas_are_changed(&cluster).await;
            users_are_changed(&cluster).await;
        });
    }
}

type Described = BTreeMap<String, Result<Vec<TopicConfig>, BrokerError>>;

/// A broker learns of a change a little after its controller has answered.
async fn altered_configs(cluster: &Cluster) -> Described {
    let deadline = Instant::now() + Duration::from_secs(20);
    let topics = ["orders".to_owned(), "absent".to_owned()];
    loop {
        let described = cluster.describe_topic_configs(&topics).await.expect("an answer");
        let described: Described = described.into_iter().collect();
        let configs = described["orders"].as_ref().expect("orders is there");
        if configs.iter().any(|config| config.value.as_deref() == Some("2000")) {
            return described;
        }
        assert!(Instant::now() < deadline, "{configs:?}");
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

#[test]
fn records_and_topics_are_deleted() {
    let Some(_world) = World::enter("records_and_topics_are_deleted") else { return };
    for release in [CURRENT, ZOOKEEPER_2_8] {
        let kafka = Kafka::start(release).expect("a broker");
        block_on(async {
            let cluster = Cluster::connect(config_of(&kafka)).await.expect("connected");
            create(&cluster, "orders", 1, &[]).await;
            let everything = [(("orders".to_owned(), 0), -1)];
            let deleted = cluster.delete_records(&everything).await.expect("an answer");
            assert_eq!(deleted, [(("orders".to_owned(), 0), Ok(0))]);
            let deleted = cluster.delete_topics(&["orders".to_owned(), "absent".to_owned()]).await;
            let deleted: BTreeMap<_, _> = deleted.expect("an answer").into_iter().collect();
            assert_eq!(deleted["orders"], Ok(()));
            let refused = deleted["absent"].as_ref().expect_err("absent is not there");
            assert_eq!(refused.code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        });
    }
}

#[test]
fn rules_are_told_made_and_removed_where_there_are_any() {
    let Some(_world) = World::enter("rules_are_told_made_and_removed_where_there_are_any") else { return };
    let authorizer = "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer";
    let everyone = "super.users=User:ANONYMOUS";
    let kafka = Kafka::start_with(CURRENT, &[authorizer, everyone]).expect("a broker");
    let open = Kafka::start(CURRENT).expect("a broker");
    let address = kafka.address();
    let rule = ["--add", "--allow-principal", "User:strait", "--operation", "Read", "--topic", "orders"];
    let arguments = [&["--bootstrap-server", &address][..], &rule].concat();
    kafka.tool("org.apache.kafka.tools.AclCommand", &arguments).expect("a rule");
    block_on(async {
        let cluster = Cluster::connect(config_of(&kafka)).await.expect("connected");
        let expected = Acl {
            resource_type: 2,
            resource_name: "orders".to_owned(),
            pattern_type: 3,
            principal: "User:strait".to_owned(),
            host: "*".to_owned(),
            operation: 3,
            permission: 3,
        };
        let told = cluster.describe_acls().await.expect("an answer");
        assert_eq!(told, std::slice::from_ref(&expected));
        let prefixed =
            Acl { pattern_type: 4, resource_name: "or".to_owned(), permission: 2, ..expected.clone() };
        let of_group = Acl { resource_type: 3, ..expected.clone() };
        let nameless = Acl { principal: "strait".to_owned(), ..expected.clone() };
        let made = cluster.create_acls(&[prefixed.clone(), nameless, of_group, expected.clone()]).await;
        let made = made.expect("an answer");
        assert!(matches!(made[..], [Ok(()), Err(_), Ok(()), Ok(())]), "{made:?}");
        wait_topic_acls(&cluster, &[&prefixed, &expected]).await;
        let absent = Acl { host: "10.1.2.3".to_owned(), ..expected.clone() };
        let removed = cluster.delete_acls(&[absent, expected]).await.expect("an answer");
        assert_eq!(removed, [Ok(()), Ok(())]);
        wait_topic_acls(&cluster, &[&prefixed]).await;
        let cluster = Cluster::connect(config_of(&open)).await.expect("connected");
        let outcome = cluster.describe_acls().await;
        let Err(ClientError::Broker { error, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(error.code, ErrorCode::SECURITY_DISABLED);
    });
}

/// A broker learns of a rule a little after its controller has answered.
async fn wait_topic_acls(cluster: &Cluster, expected: &[&Acl]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let told = cluster.describe_topic_acls().await.expect("an answer");
        if told.len() == expected.len() && expected.iter().all(|acl| told.contains(acl)) {
            return;
        }
        assert!(Instant::now() < deadline, "{told:?}");
    }
}
