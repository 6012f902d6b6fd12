//! A real Kafka with all kinds of listeners, and our broker with the very same `server.properties`.

use std::fs;
use std::path::Path;

use anyhow::Result;
use strait_cluster_tests::kafka::CURRENT;
use strait_cluster_tests::ports;
use strait_cluster_tests::secured::{Files, Listener, Secured};
use strait_cluster_tests::world::World;

use crate::process::Broker;

const LISTENERS: [Listener; 4] =
    [Listener::Ssl, Listener::Mutual, Listener::SaslPlaintext, Listener::SaslSsl];
/// Kafka takes tokens without a signature where nothing is said, we only by this.
const UNSECURED: &str = "listener.name.sasl_plaintext.oauthbearer.sasl.server.callback.handler.class=\
     org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler";

pub(super) struct Pair {
    pub(super) kafka: Secured,
    pub(super) ours: Broker,
    pub(super) files: Files,
    ports: Vec<(Listener, u16)>,
    world: World,
}

impl Pair {
    pub(super) fn start(test: &str) -> Option<Self> {
        let world = World::enter(test)?;
        let files = Files::make(world.folder()).expect("certificates");
        let kafka = Secured::start(CURRENT, &files).expect("a real Kafka");
        let (ours, ports) = in_its_place(&kafka, &world.folder().join("ours")).expect("our broker");
        Some(Self { kafka, ours, files, ports, world })
    }

    pub(super) fn folder(&self) -> &Path {
        self.world.folder()
    }

    /// Where a listener is: of the real Kafka and of our broker.
    pub(super) fn addresses(&self, listener: Listener) -> [String; 2] {
        let ours = self.ports.iter().find(|(found, _)| *found == listener).expect("every listener is there");
        [self.kafka.address(listener), format!("127.0.0.1:{}", ours.1)]
    }

    /// Plain listeners.
    pub(super) fn open_addresses(&self) -> [String; 2] {
        [self.kafka.kafka.address(), self.ours.address()]
    }
}

/// Starts our broker with the properties of a real one, at other ports.
fn in_its_place(kafka: &Secured, folder: &Path) -> Result<(Broker, Vec<(Listener, u16)>)> {
    let mut properties = fs::read_to_string(kafka.kafka.folder()?.join("server.properties"))?;
    let ports: Vec<(Listener, u16)> = LISTENERS.map(|listener| (listener, ports::free())).to_vec();
    let plain = ports::free();
    let moved = ports.iter().map(|(listener, port)| (kafka.address(*listener), *port));
    for (address, port) in moved.chain([(kafka.kafka.address(), plain)]) {
        properties = properties.replace(&address, &format!("127.0.0.1:{port}"));
    }
    properties.push_str(UNSECURED);
    properties.push('\n');
    properties.push_str(&UNSECURED.replace("sasl_plaintext", "sasl_ssl"));
    let lines = properties.lines().map(str::to_owned).collect();
    Ok((Broker::start_listening(folder, plain, lines)?, ports))
}
