//! A real Kafka with access rules, and our broker with its very properties. Who gives no name may do nothing by himself;
//! the harness has a name, and may do all.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::ports;
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_wire::message::create_acls::AclCreation;
use strait_wire::message::create_topics::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use strait_wire::message::find_coordinator::FindCoordinatorRequest;
use strait_wire::message::init_producer_id::InitProducerIdRequest;

use super::rules;
use crate::process::Broker;
use crate::wire::Wire;

const LIMIT: Duration = Duration::from_secs(30);

pub(super) struct Both {
    _kafka: Kafka,
    pub(super) ours: Broker,
    /// Of the harness, by name.
    named: [String; 2],
    /// Of those who give no name.
    pub(super) open: [String; 2],
    _world: World,
}

impl Both {
    /// Starts both with topics `one` and `two`; `more` are properties of both.
    pub(super) fn start(test: &str, more: &[&str]) -> Option<Self> {
        let world = World::enter(test)?;
        let kafka = Kafka::start_secured_with(CURRENT, more).expect("a real Kafka");
        let folder = world.folder().join("ours");
        let (ours, named_port) = in_its_place(&kafka, &folder).expect("our broker");
        let (login, _) = kafka.address().rsplit_once('@').map(|(a, b)| (a.to_owned(), b.to_owned()))?;
        let named = [kafka.address(), format!("{login}@127.0.0.1:{named_port}")];
        let open = [kafka.open_address(), ours.address()];
        let both = Self { _kafka: kafka, ours, named, open, _world: world };
        both.each_named(prepare).expect("topics and coordinators");
        Some(both)
    }

    /// Does the same with both, by name.
    pub(super) fn each_named<T: Send>(&self, step: impl Fn(&mut Wire) -> Result<T> + Sync) -> Result<[T; 2]> {
        at_once(&self.named, |address| step(&mut Wire::open(address, "harness")?))
    }

    /// Does the same with both, without a name.
    pub(super) fn each<T: Send>(&self, step: impl Fn(&mut Wire) -> Result<T> + Sync) -> Result<[T; 2]> {
        at_once(&self.open, |address| step(&mut Wire::open(address, "prober")?))
    }

    /// Makes these the only rules, in force on both.
    pub(super) fn set_rules(&self, rules: &[AclCreation]) -> Result<()> {
        self.each_named(|wire| set_rules(wire, rules)).map(|_| ())
    }

    pub(super) fn restart_ours(&mut self) -> Result<()> {
        self.ours.kill()?;
        self.ours.restart()
    }
}

/// Kafka's first, then ours.
fn at_once<T: Send>(addresses: &[String; 2], step: impl Fn(&str) -> Result<T> + Sync) -> Result<[T; 2]> {
    thread::scope(|scope| {
        let kafka = scope.spawn(|| step(&addresses[0]).context("of Kafka"));
        let ours = step(&addresses[1]).context("of ours");
        Ok([kafka.join().expect("no panic")?, ours?])
    })
}

fn in_its_place(kafka: &Kafka, folder: &std::path::Path) -> Result<(Broker, u16)> {
    let mut properties = fs::read_to_string(kafka.folder()?.join("server.properties"))?;
    let (plain, named) = (ports::free(), ports::free());
    let address = kafka.address();
    let (_, secured) = address.rsplit_once('@').context("a listener for names")?;
    for (theirs, port) in [(secured, named), (kafka.open_address().as_str(), plain)] {
        properties = properties.replace(theirs, &format!("127.0.0.1:{port}"));
    }
    let lines = properties.lines().map(str::to_owned).collect();
    Ok((Broker::start_listening(folder, plain, lines)?, named))
}

fn prepare(wire: &mut Wire) -> Result<()> {
    let topics = ["one", "two"].map(|name| CreatableTopic {
        name: name.to_owned(),
        num_partitions: 1,
        replication_factor: 1,
        // Records of the probes are old, and stay however long the probes take.
        configs: vec![CreatableTopicConfig { name: "retention.ms".to_owned(), value: Some("-1".to_owned()) }],
        ..Default::default()
    });
    let request = CreateTopicsRequest { topics: topics.into(), timeout_ms: 10_000, ..Default::default() };
    for topic in wire.ask(&request, 7)?.topics {
        if topic.error_code != 0 {
            bail!("{topic:?}");
        }
    }
    for key_type in [0, 1] {
        wait::until("a coordinator", LIMIT, || {
            let request = FindCoordinatorRequest {
                key_type,
                coordinator_keys: vec!["one".to_owned()],
                ..Default::default()
            };
            let found = wire.ask(&request, 4)?.coordinators;
            Ok(match found.iter().all(|coordinator| coordinator.error_code == 0) {
                true => Attempt::Done(()),
                false => Attempt::NotYet(format!("{found:?}")),
            })
        })?;
    }
    for name in ["one", "two"] {
        let init = InitProducerIdRequest {
            transactional_id: Some(name.to_owned()),
            transaction_timeout_ms: 1_000,
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        };
        wait::until("transactions are loaded", LIMIT, || {
            Ok(match wire.ask(&init, 4)?.error_code {
                0 => Attempt::Done(()),
                error => Attempt::NotYet(error.to_string()),
            })
        })?;
    }
    Ok(())
}

fn set_rules(wire: &mut Wire, wanted: &[AclCreation]) -> Result<()> {
    rules::remove_all(wire)?;
    rules::create(wire, wanted)?;
    // The controller of Kafka has them before its broker does.
    let wanted = rules::shown(wanted);
    wait::until("the rules are in force", LIMIT, || {
        let found = rules::shown(&rules::all(wire)?);
        Ok(if found == wanted { Attempt::Done(()) } else { Attempt::NotYet(format!("{found:?}")) })
    })
}
