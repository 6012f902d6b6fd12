//! A broker with names and access rules: its properties, and what may be done by whom.

use std::fs;

use anyhow::{Context, Result};

use crate::kafka::Kafka;

const USER: &str = "harness";
const PASSWORD: &str = "harness-password";

/// Properties of a broker with a listener for names, an open one, and Kafka's own access rules.
pub(crate) fn properties(open_port: u16, controller_port: u16, secured_port: Option<u16>) -> Vec<String> {
    let (open, named) = (
        format!("PLAINTEXT://127.0.0.1:{open_port}"),
        format!("NAMED://127.0.0.1:{}", secured_port.unwrap_or_default()),
    );
    let login = login(&format!("user_{USER}=\"{PASSWORD}\""));
    vec![
        format!("listeners={open},{named},CONTROLLER://127.0.0.1:{controller_port}"),
        format!("advertised.listeners={open},{named}"),
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,NAMED:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT"
            .to_owned(),
        "inter.broker.listener.name=NAMED".to_owned(),
        "sasl.enabled.mechanisms=PLAIN".to_owned(),
        "sasl.mechanism.inter.broker.protocol=PLAIN".to_owned(),
        "sasl.mechanism.controller.protocol=PLAIN".to_owned(),
        format!("listener.name.named.plain.sasl.jaas.config={login}"),
        format!("listener.name.controller.plain.sasl.jaas.config={login}"),
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned(),
        format!("super.users=User:{USER}"),
    ]
}

/// The super user's address.
pub(crate) fn address(port: u16) -> String {
    format!("{USER}:{PASSWORD}@127.0.0.1:{port}")
}

/// What rules are about, as Kafka's own tool names it.
#[derive(Clone, Copy, Debug)]
pub enum Resource<'a> {
    Topic(&'a str),
    /// All topics whose names begin so.
    Topics(&'a str),
    /// All transactional ids that begin so.
    TransactionalIds(&'a str),
    Cluster,
}

impl<'a> Resource<'a> {
    fn arguments(self) -> Vec<&'a str> {
        match self {
            Self::Topic(name) => vec!["--topic", name],
            Self::Topics(prefix) => vec!["--topic", prefix, "--resource-pattern-type", "prefixed"],
            Self::TransactionalIds(prefix) => {
                vec!["--transactional-id", prefix, "--resource-pattern-type", "prefixed"]
            }
            Self::Cluster => vec!["--cluster"],
        }
    }
}

/// Allows those who give no name some operations, such as `Read`.
pub fn allow(kafka: &Kafka, resource: Resource<'_>, operations: &[&str]) -> Result<()> {
    let client = kafka.folder()?.join("client.properties");
    fs::write(&client, client_properties())?;
    let address = kafka.address();
    let (_, broker) = address.rsplit_once('@').context("a broker without names")?;
    let config = client.to_string_lossy();
    let mut arguments = vec!["--bootstrap-server", broker, "--command-config", &config, "--add"];
    arguments.extend(["--allow-principal", "User:ANONYMOUS"]);
    arguments.extend(resource.arguments());
    arguments.extend(operations.iter().flat_map(|operation| ["--operation", operation]));
    kafka.tool("org.apache.kafka.tools.AclCommand", &arguments)?;
    Ok(())
}

/// What a tool of Kafka needs to be the super user.
fn client_properties() -> String {
    let lines = ["security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN"].join("\n");
    format!("{lines}\nsasl.jaas.config={}\n", login(""))
}

fn login(users: &str) -> String {
    let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
    format!("{module} required username=\"{USER}\" password=\"{PASSWORD}\" {users};")
}
