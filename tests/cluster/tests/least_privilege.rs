//! The fewest rules with which Strait works: at the source to read and describe, at the target what docs/guide.md lists.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use strait_client::{ClientConfig, ClientQuotaChange, Cluster, QuotaEntity};
use strait_cluster_tests::access::Resource;
use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::digest::Timestamps;
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::numbered::fill;
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::world::World;
use strait_cluster_tests::{access, admin, topic};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn reading_and_describing_is_enough() {
    let Some(world) = World::enter("reading_and_describing_is_enough") else { return };
    let east = Kafka::start_secured(CURRENT).expect("the source");
    let west = Kafka::start(CURRENT).expect("the target");
    for name in ["granted", "hidden"] {
        topic::create(&east, name, 2, &["retention.ms=7654321"]).expect("a topic");
        fill(&east, name, "record", 0..100);
    }
    access::allow(&east, Resource::Topic("granted"), &["Read", "Describe"]).expect("allowed");
    let plan = Plan::one_flow(&east.open_address(), &west.address(), ".*").with(QUOTAS_AND_USERS);
    let mut strait = Strait::start(world.folder(), &plan).expect("strait");
    let pair = Pair { source: (&east, "granted"), target: (&west, "east.granted"), flow: "east--west" };
    pair.assert_copied(&mut strait, Timestamps::Compared, LIMIT).expect("copied");
    admin::widen(&east, "granted", 3).expect("widened");
    fill(&east, "granted", "record", 100..200);
    topic::wait_for_partitions(&west, "east.granted", 3).expect("widened at the target");
    pair.assert_copied(&mut strait, Timestamps::Compared, LIMIT).expect("copied");
    strait.wait_state("east--west", "running", LIMIT).expect("running");
    assert!(!topic::names(&west).expect("topics").contains("east.hidden"), "a topic that may not be seen");
    let flow = strait.flow("east--west").expect("the flow");
    for kind in ["acls", "client_quotas", "scram_users"] {
        assert_eq!(flow[kind]["state"], "unauthorized", "{flow}");
    }
    strait.stop(Duration::from_secs(20)).expect("a graceful stop");
    strait.restart().expect("started");
    fill(&east, "granted", "record", 200..300);
    pair.assert_copied(&mut strait, Timestamps::Compared, LIMIT).expect("copied");
}

/// As docs/guide.md lists them; the cluster's before those that let a flow start.
const TARGET_RULES: &[(Resource<'_>, &[&str])] = &[
    (Resource::Cluster, &["DescribeConfigs"]),
    (
        Resource::Topics("east."),
        &["Create", "Describe", "Read", "Write", "DescribeConfigs", "AlterConfigs", "Alter"],
    ),
    (Resource::Topic("__strait_state"), &["Create", "Describe", "Read", "Write"]),
    (Resource::TransactionalIds("strait-east--west-"), &["Describe", "Write"]),
];

#[test]
fn the_target_needs_the_rules_of_the_guide() {
    let Some(world) = World::enter("the_target_needs_the_rules_of_the_guide") else { return };
    let east = Kafka::start(CURRENT).expect("the source");
    let west = Kafka::start_secured(CURRENT).expect("the target");
    topic::create(&east, "fresh", 2, &["retention.ms=7654321"]).expect("a topic");
    topic::create(&east, "compacted", 2, &["cleanup.policy=compact"]).expect("a topic");
    let plan =
        Plan::one_flow(&east.address(), &west.open_address(), "fresh|compacted").with(QUOTAS_AND_USERS);
    let mut strait = Strait::start(world.folder(), &plan).expect("strait");
    strait.wait_state("east--west", "unauthorized", LIMIT).expect("unauthorized");
    for (resource, operations) in TARGET_RULES {
        access::allow(&west, *resource, operations).expect("allowed");
    }
    for name in ["fresh", "compacted"] {
        fill(&east, name, "record", 0..100);
    }
    let pairs = ["fresh", "compacted"].map(|name| (name, format!("east.{name}")));
    for (name, remote) in &pairs {
        let pair = Pair { source: (&east, name), target: (&west, remote), flow: "east--west" };
        pair.assert_copied(&mut strait, Timestamps::Compared, LIMIT).expect("copied");
    }
    admin::widen(&east, "fresh", 3).expect("widened");
    topic::wait_for_partitions(&west, "east.fresh", 3).expect("widened at the target");
    let settings = admin::configs(&west, "east.fresh").expect("settings");
    assert_eq!(settings.get("retention.ms").map(String::as_str), Some("7654321"));
    strait.kill().expect("killed");
    strait.restart().expect("started");
    for (name, remote) in &pairs {
        fill(&east, name, "record", 100..200);
        let pair = Pair { source: (&east, name), target: (&west, remote), flow: "east--west" };
        pair.assert_copied(&mut strait, Timestamps::Compared, LIMIT).expect("copied");
    }
    assert!(!strait.log().contains("does not tell"), "{}", strait.log());
    quotas_and_users_need_more(&mut strait, &east, &west);
}

const QUOTAS_AND_USERS: &str =
    "sync_client_quotas = true\nsync_scram_users = true\nprincipal_interval_ms = 500";

/// What becomes of the source's one quota, and why; and how users stand.
fn seen(strait: &Strait) -> Result<[String; 3]> {
    let quotas = strait.get("/v1/flows/east--west/client-quotas")?;
    let row = &quotas["client_quotas"][0];
    let users = strait.flow("east--west")?["scram_users"]["state"].clone();
    Ok([&row["state"], &row["reason"], &users].map(|text| text.as_str().unwrap_or_default().to_owned()))
}

fn wait_seen(strait: &mut Strait, expected: [&str; 3]) {
    let look = |strait: &Strait| {
        let seen = seen(strait)?;
        let is_so = expected.iter().zip(&seen).all(|(expected, seen)| seen.starts_with(expected));
        Ok(if is_so { Attempt::Done(()) } else { Attempt::NotYet(format!("{seen:?}")) })
    };
    strait.wait(&format!("{expected:?}"), LIMIT, look).expect("quotas and users");
}

fn quotas_and_users_need_more(strait: &mut Strait, east: &Kafka, west: &Kafka) {
    set_quota(east).expect("a quota");
    wait_seen(strait, ["refused", "CLUSTER_AUTHORIZATION_FAILED", "unauthorized"]);
    access::allow(west, Resource::Cluster, &["AlterConfigs", "Describe", "Alter"]).expect("allowed");
    wait_seen(strait, ["synced", "", "synced"]);
}

fn set_quota(kafka: &Kafka) -> Result<()> {
    let config = ClientConfig { bootstrap: vec![kafka.address()], ..ClientConfig::default() };
    let entity: QuotaEntity = BTreeMap::from([("user".to_owned(), Some("alice".to_owned()))]);
    let change = ClientQuotaChange { entity, key: "producer_byte_rate".to_owned(), value: Some(1_000.0) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let results =
        runtime.block_on(async { Cluster::connect(config).await?.alter_client_quotas(&[change]).await })?;
    results.into_iter().try_for_each(|result| result.context("a quota"))
}
