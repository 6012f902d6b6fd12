//! Topics through librdkafka: made, widened, reconfigured, emptied, deleted.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::{Offset, TopicPartitionList};
use tokio::runtime::Runtime;

use crate::kafka::Kafka;
use crate::wait::Attempt;
use crate::{topic, wait};

const PATIENCE: Duration = Duration::from_secs(60);

struct Admin {
    client: AdminClient<DefaultClientContext>,
    runtime: Runtime,
    options: AdminOptions,
}

impl Admin {
    fn of(kafka: &Kafka) -> Result<Self> {
        Ok(Self {
            client: topic::client(&kafka.address()).create()?,
            runtime: tokio::runtime::Builder::new_current_thread().build()?,
            options: AdminOptions::new().operation_timeout(Some(Duration::from_secs(10))),
        })
    }
}

/// Makes a topic, with configs such as `cleanup.policy=compact`, and waits until it has leaders.
pub fn create(kafka: &Kafka, topic: &str, partitions: i32, configs: &[&str]) -> Result<()> {
    let mut wanted = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    for config in configs {
        let (key, value) = config.split_once('=').with_context(|| format!("{config} is not key=value"))?;
        wanted = wanted.set(key, value);
    }
    let admin = Admin::of(kafka)?;
    let outcomes = admin.runtime.block_on(admin.client.create_topics([&wanted], &admin.options))?;
    for outcome in outcomes {
        outcome.map_err(|(name, code)| anyhow!("creating {name}: {code}"))?;
    }
    topic::wait_for_partitions(kafka, topic, partitions)
}

/// Deletes a topic and waits until it is gone.
pub fn delete(kafka: &Kafka, topic: &str) -> Result<()> {
    let admin = Admin::of(kafka)?;
    for outcome in admin.runtime.block_on(admin.client.delete_topics(&[topic], &admin.options))? {
        outcome.map_err(|(name, code)| anyhow!("deleting {name}: {code}"))?;
    }
    wait::until(&format!("{topic} is gone"), PATIENCE, || {
        Ok(match topic::names(kafka)?.contains(topic) {
            false => Attempt::Done(()),
            true => Attempt::NotYet("it is there".to_owned()),
        })
    })
}

/// Gives a topic this many partitions in all.
pub fn widen(kafka: &Kafka, topic: &str, partitions: i32) -> Result<()> {
    let wanted = NewPartitions::new(topic, usize::try_from(partitions)?);
    let admin = Admin::of(kafka)?;
    let outcomes = admin.runtime.block_on(admin.client.create_partitions([&wanted], &admin.options))?;
    for outcome in outcomes {
        outcome.map_err(|(name, code)| anyhow!("widening {name}: {code}"))?;
    }
    topic::wait_for_partitions(kafka, topic, partitions)
}

/// Deletes a partition's records below an offset.
pub fn delete_records(kafka: &Kafka, topic: &str, partition: i32, before: i64) -> Result<()> {
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(topic, partition, Offset::Offset(before))?;
    let admin = Admin::of(kafka)?;
    let answer = admin.runtime.block_on(admin.client.delete_records(&offsets, &admin.options))?;
    for element in answer.elements() {
        element.error().with_context(|| format!("deleting records of {topic}-{partition}"))?;
    }
    Ok(())
}

/// Replaces all settings that a topic has of its own.
pub fn configure(kafka: &Kafka, topic: &str, configs: &[(&str, &str)]) -> Result<()> {
    let mut wanted = AlterConfig::new(ResourceSpecifier::Topic(topic));
    for (key, value) in configs {
        wanted = wanted.set(key, value);
    }
    let admin = Admin::of(kafka)?;
    for outcome in admin.runtime.block_on(admin.client.alter_configs([&wanted], &admin.options))? {
        outcome.map_err(|(resource, code)| anyhow!("configuring {resource:?}: {code}"))?;
    }
    Ok(())
}

/// The settings in force at a topic, its own and defaults.
pub fn configs(kafka: &Kafka, topic: &str) -> Result<BTreeMap<String, String>> {
    let admin = Admin::of(kafka)?;
    let asked = [ResourceSpecifier::Topic(topic)];
    let mut configs = BTreeMap::new();
    for outcome in admin.runtime.block_on(admin.client.describe_configs(&asked, &admin.options))? {
        let resource = outcome.map_err(|code| anyhow!("settings of {topic}: {code}"))?;
        configs.extend(resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))));
    }
    Ok(configs)
}
