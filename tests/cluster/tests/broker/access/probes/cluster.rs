//! Requests about the cluster, its rules and its settings.

use anyhow::Result;
use strait_wire::message::alter_configs::{self, AlterConfigsRequest};
use strait_wire::message::delete_acls::{DeleteAclsFilter, DeleteAclsRequest};
use strait_wire::message::describe_acls::DescribeAclsRequest;
use strait_wire::message::describe_cluster::DescribeClusterRequest;
use strait_wire::message::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use strait_wire::message::describe_log_dirs::DescribeLogDirsRequest;
use strait_wire::message::describe_user_scram_credentials::{DescribeUserScramCredentialsRequest, UserName};
use strait_wire::message::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};

use super::told;
use crate::wire::Wire;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;

pub(super) fn ask(wire: &mut Wire) -> Result<Vec<String>> {
    let mut answers = rules(wire)?;
    let resources = [
        (TOPIC, "one", "retention.ms", "5"),
        (TOPIC, "two", "retention.ms", "5"),
        (TOPIC, "none", "retention.ms", "5"),
        (BROKER, "1", "log.retention.ms", "5"),
        (BROKER, "", "log.retention.ms", "5"),
        (BROKER, "2", "log.retention.ms", "5"),
        (CLIENT_METRICS, "one", "interval.ms", "1000"),
        (GROUP, "one", "consumer.session.timeout.ms", "50000"),
        (GROUP, "two", "consumer.session.timeout.ms", "5"),
    ];
    for (kind, name, key, value) in resources {
        answers.extend(configs(wire, (kind, name), (key, value))?);
    }
    let cluster = DescribeClusterRequest {
        include_cluster_authorized_operations: true,
        endpoint_type: 1,
        ..Default::default()
    };
    answers.push(told("cluster", &wire.ask(&cluster, 1)?));
    let folders = wire.ask(&DescribeLogDirsRequest { topics: Some(Vec::new()) }, 4)?;
    answers.push(told("folders", &folders));
    // Without names Kafka fails to answer those who may not ask.
    let users =
        DescribeUserScramCredentialsRequest { users: Some(vec![UserName { name: "nobody".to_owned() }]) };
    answers.push(told("users of SCRAM", &wire.ask(&users, 0)?));
    Ok(answers)
}

/// Nothing is found by these filters.
fn rules(wire: &mut Wire) -> Result<Vec<String>> {
    let (kind, any, nobody) = (TOPIC, 1, Some("nothing".to_owned()));
    let describe = DescribeAclsRequest {
        resource_type_filter: kind,
        resource_name_filter: nobody.clone(),
        pattern_type_filter: any,
        operation: any,
        permission_type: any,
        ..Default::default()
    };
    let filter = DeleteAclsFilter {
        resource_type_filter: kind,
        resource_name_filter: nobody,
        pattern_type_filter: any,
        operation: any,
        permission_type: any,
        ..Default::default()
    };
    Ok(vec![
        told("rules", &wire.ask(&describe, 3)?),
        told("remove rules", &wire.ask(&DeleteAclsRequest { filters: vec![filter] }, 3)?),
    ])
}

fn configs(wire: &mut Wire, (kind, name): (i8, &str), (key, value): (&str, &str)) -> Result<Vec<String>> {
    let describe = DescribeConfigsRequest {
        resources: vec![DescribeConfigsResource {
            resource_type: kind,
            resource_name: name.to_owned(),
            configuration_keys: Some(vec![key.to_owned()]),
        }],
        ..Default::default()
    };
    let (key, value) = (key.to_owned(), Some(value.to_owned()));
    let incremental = IncrementalAlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: kind,
            resource_name: name.to_owned(),
            configs: vec![AlterableConfig { name: key.clone(), value: value.clone(), ..Default::default() }],
        }],
        validate_only: true,
    };
    let replaced = AlterConfigsRequest {
        resources: vec![alter_configs::AlterConfigsResource {
            resource_type: kind,
            resource_name: name.to_owned(),
            configs: vec![alter_configs::AlterableConfig { name: key, value }],
        }],
        validate_only: true,
    };
    let what = format!("settings of {kind} {name}");
    let mut answers = vec![
        told(&what, &wire.ask(&describe, 4)?),
        told(&format!("change {what}"), &wire.ask(&incremental, 1)?),
    ];
    // Kafka keeps min.insync.replicas of all brokers when it has eligible leader replicas (KIP-966).
    if (kind, name) != (BROKER, "") {
        answers.push(told(&format!("replace {what}"), &wire.ask(&replaced, 2)?));
    }
    Ok(answers)
}
