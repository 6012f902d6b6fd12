//! Copying between clusters that want TLS, certificates, passwords or tokens; what is wrong with them is said, and
//! put right by a new file while Strait runs. No secret is ever shown.

use std::path::Path;
use std::time::Duration;

use strait_cluster_tests::copied::Pair;
use strait_cluster_tests::kafka::CURRENT;
use strait_cluster_tests::produce::{self, Load};
use strait_cluster_tests::secured::{
    Files, Listener, PLAIN_PASSWORD, SCRAM_PASSWORD, STORE_PASSWORD, Secured,
};
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::topic;
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::world::World;

const RECORDS: u64 = 5_000;
const LIMIT: Duration = Duration::from_secs(60);
const FLOW: &str = "east--west";

/// Two clusters with every listener, and the files to reach them.
struct Clusters {
    east: Secured,
    west: Secured,
    files: Files,
    world: World,
}

impl Clusters {
    fn start(test: &str) -> Option<Self> {
        let world = World::enter(test)?;
        let files = Files::make(world.folder()).expect("certificates");
        let east = Secured::start(CURRENT, &files).expect("the source");
        let west = Secured::start(CURRENT, &files).expect("the target");
        Some(Self { east, west, files, world })
    }

    fn topic(&self, name: &str) {
        topic::create(&self.east.kafka, name, 2, &[]).expect("a topic");
        let (address, topic) = (self.east.kafka.address(), name.to_owned());
        let load = Load { address, topic, partitions: 2, codec: "lz4", batch_bytes: 65_536 };
        produce::all(load, RECORDS).expect("produced");
    }

    /// One flow of `name`, with these tables for each side.
    fn strait(&self, name: &str, east: &Way, west: &Way) -> Strait {
        let folder = self.world.folder().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        let ends = [self.east.address(east.listener), self.west.address(west.listener)];
        let mut plan = Plan::one_flow(&ends[0], &ends[1], name);
        plan.flows[0].extra = format!("{}{}", east.tables("east"), west.tables("west"));
        Strait::start(&folder, &plan).expect("strait")
    }

    fn assert_copied(&self, name: &str, mut strait: Strait) {
        let remote = format!("east.{name}");
        let source = (&self.east.kafka, name);
        let pair = Pair { source, target: (&self.west.kafka, &remote), flow: FLOW };
        let taken = pair.wait(&mut strait, LIMIT).expect("copied");
        println!("{name}: {RECORDS} records in {taken:.1?}");
        strait.stop(Duration::from_secs(20)).expect("a graceful stop");
        pair.assert_same(RECORDS).expect("both sides can be read");
        assert_no_secrets(&strait.log());
    }
}

/// A listener, and lines of the tables `tls` and `sasl`; empty: no such table.
struct Way {
    listener: Listener,
    tls: Option<String>,
    sasl: Option<String>,
}

impl Way {
    fn tables(&self, alias: &str) -> String {
        let table = |name: &str, lines: &Option<String>| {
            lines.as_ref().map_or(String::new(), |lines| format!("[clusters.{alias}.{name}]\n{lines}\n"))
        };
        format!("{}{}", table("tls", &self.tls), table("sasl", &self.sasl))
    }
}

fn ssl(files: &Files) -> Way {
    let tls =
        format!("truststore_file = {:?}\ntruststore_password = {STORE_PASSWORD:?}", files.path("trust.jks"));
    Way { listener: Listener::Ssl, tls: Some(tls), sasl: None }
}

fn mutual(files: &Files) -> Way {
    let password = files.write("store-password", STORE_PASSWORD).expect("written");
    let tls = format!(
        "ca_file = {:?}\nkeystore_file = {:?}\nkeystore_password_file = {password:?}",
        files.path("ca.pem"),
        files.path("client.p12")
    );
    Way { listener: Listener::Mutual, tls: Some(tls), sasl: None }
}

fn user(mechanism: &str, password_file: &str) -> String {
    format!("mechanism = \"{mechanism}\"\nusername = \"strait\"\npassword_file = {password_file:?}")
}

fn plain(files: &Files) -> Way {
    let password = files.write("plain-password", &format!("{PLAIN_PASSWORD}\n")).expect("written");
    Way { listener: Listener::SaslPlaintext, tls: None, sasl: Some(user("PLAIN", &password)) }
}

fn scram(files: &Files) -> Way {
    let password = files.write("scram-password", SCRAM_PASSWORD).expect("written");
    let tls = Some(format!("ca_file = {:?}", files.path("ca.pem")));
    Way { listener: Listener::SaslSsl, tls, sasl: Some(user("SCRAM-SHA-512", &password)) }
}

fn bearer(files: &Files) -> Way {
    let token = files.write("token", &Files::token(600).expect("a token")).expect("written");
    let tls = Some(format!("ca_file = {:?}", files.path("ca.pem")));
    let sasl = format!("mechanism = \"OAUTHBEARER\"\ntoken_file = {token:?}");
    Way { listener: Listener::SaslSsl, tls, sasl: Some(sasl) }
}

fn assert_no_secrets(text: &str) {
    assert!(!text.contains("canary"), "a secret is shown: {text}");
}

/// Waits until the flow shows what is wrong with its clusters, in one of these words each.
fn wait_refused(strait: &mut Strait, said: &[&str]) {
    let look = |strait: &Strait| {
        let flow = strait.flow(FLOW)?;
        assert_no_secrets(&flow.to_string());
        let error = flow["last_error"].as_str().unwrap_or_default().to_owned();
        let refused = flow["state"] == "unauthorized" || flow["state"] == "unreachable";
        let all_said = said.iter().all(|part| error.contains(part));
        Ok(if refused && all_said { Attempt::Done(()) } else { Attempt::NotYet(flow.to_string()) })
    };
    strait.wait(&format!("{said:?} in the flow's error"), LIMIT, look).expect("a visible refusal");
    assert_no_secrets(&strait.log());
}

/// One test for both, since such clusters take longer to start than to copy.
#[test]
fn secured_clusters_are_copied_by_who_may() {
    let Some(clusters) = Clusters::start("secured_clusters_are_copied_by_who_may") else { return };
    topics_are_copied(&clusters);
    what_is_wrong_is_said_and_put_right_by_a_new_file(&clusters);
}

fn topics_are_copied(clusters: &Clusters) {
    let files = &clusters.files;
    let ways = [
        ("ssl-to-mutual", ssl(files), mutual(files)),
        ("mutual-to-plain", mutual(files), plain(files)),
        ("plain-to-scram", plain(files), scram(files)),
        ("scram-to-bearer", scram(files), bearer(files)),
    ];
    for (name, east, west) in ways {
        clusters.topic(name);
        let strait = clusters.strait(name, &east, &west);
        clusters.assert_copied(name, strait);
    }
}

fn what_is_wrong_is_said_and_put_right_by_a_new_file(clusters: &Clusters) {
    let files = &clusters.files;

    clusters.topic("password");
    let east = scram(files);
    files.write("scram-password", "wrong-canary").expect("written");
    let mut strait = clusters.strait("password", &east, &ssl(files));
    wait_refused(&mut strait, &["east", "SCRAM-SHA-512", "Authentication failed"]);
    files.write("scram-password", SCRAM_PASSWORD).expect("written");
    clusters.assert_copied("password", strait);

    clusters.topic("authority");
    let changing = files.path("changing.pem");
    copy(files, "stranger.pem", &changing);
    let west = Way { tls: Some(format!("ca_file = {changing:?}")), ..ssl(files) };
    let mut strait = clusters.strait("authority", &ssl(files), &west);
    wait_refused(&mut strait, &["west", "TLS", "certificate"]);
    copy(files, "ca.pem", &changing);
    clusters.assert_copied("authority", strait);

    let east = Way { tls: ssl(files).tls, ..mutual(files) };
    let mut strait = clusters.strait("no-certificate", &east, &ssl(files));
    wait_refused(&mut strait, &["east", "TLS", "ertificate"]);

    let east = Way { tls: None, ..ssl(files) };
    let mut strait = clusters.strait("no-tls", &east, &ssl(files));
    wait_refused(&mut strait, &["east", "speaks TLS"]);

    let east = Way { sasl: None, ..plain(files) };
    let mut strait = clusters.strait("no-sasl", &east, &ssl(files));
    wait_refused(&mut strait, &["east", "SASL"]);
}

fn copy(files: &Files, name: &str, to: impl AsRef<Path>) {
    std::fs::copy(files.path(name), to).expect("copied");
}
