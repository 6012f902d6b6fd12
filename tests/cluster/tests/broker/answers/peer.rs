//! A real Kafka or our broker, with the same properties.

use std::path::Path;

use anyhow::Result;
use strait_cluster_tests::kafka::{Kafka, Release};

use crate::process::Broker;
use crate::wire::Wire;

/// What `tests/peers/kafka` tells a real one.
const COMMON: [&str; 4] = [
    "auto.create.topics.enable=false",
    "group.initial.rebalance.delay.ms=0",
    "offsets.topic.num.partitions=5",
    "transaction.state.log.num.partitions=5",
];

pub(crate) enum Peer {
    Kafka(Kafka),
    Ours(Broker),
}

impl Peer {
    pub(super) fn kafka(release: Release, properties: &[&str]) -> Result<Self> {
        Kafka::start_with(release, properties).map(Self::Kafka)
    }

    pub(super) fn ours(folder: &Path, properties: &[&str]) -> Result<Self> {
        Broker::start(folder, &[&COMMON[..], properties].concat()).map(Self::Ours)
    }

    /// A new connection.
    pub(super) fn wire(&self) -> Result<Wire> {
        Wire::open(&self.address(), "answers")
    }

    pub(super) fn address(&self) -> String {
        match self {
            Self::Kafka(kafka) => kafka.address(),
            Self::Ours(broker) => broker.address(),
        }
    }

    /// Ends it and starts it again on its data.
    pub(super) fn restart(&mut self) -> Result<()> {
        match self {
            Self::Kafka(kafka) => kafka.stop().and_then(|()| kafka.restart()),
            Self::Ours(broker) => broker.stop().and_then(|()| broker.restart()),
        }
    }

    /// SIGKILL, then starts it again on its data.
    pub(super) fn kill_and_restart(&mut self) -> Result<()> {
        match self {
            Self::Kafka(kafka) => kafka.kill().and_then(|()| kafka.restart()),
            Self::Ours(broker) => broker.kill().and_then(|()| broker.restart()),
        }
    }
}
