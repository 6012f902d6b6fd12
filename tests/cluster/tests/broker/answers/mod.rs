//! The same requests, byte by byte, to a real Kafka once and to our broker in every run. What Kafka answered is in
//! `tests/golden/`; with `STRAIT_RECORD=1` a real Kafka is asked again first.

// A real Kafka or our broker.
mod peer;
// What Kafka answered, in files.
mod golden;
// Where our answers are meant to differ.
mod differences;
// Requests with their usual fields filled in.
mod requests;
// Batches with anything in them.
mod forged;
// What is stored of odd batches.
mod produce;
// Producers that send again, skip, or come back.
mod idempotence;
// Batches inside and outside of transactions.
mod transactions;
// Offsets by time and by name.
mod list_offsets;
// What is read, and sessions of readers.
mod fetching;
// Requests to produce that are odd as a whole.
mod acknowledgements;
// Members of groups, and what they commit.
mod commits;
mod groups;

use anyhow::Result;
use strait_cluster_tests::golden::is_recording;
use strait_cluster_tests::kafka::{CURRENT, Release};
use strait_cluster_tests::world::World;

use golden::Answers;
use peer::Peer;

/// Something that is asked of a broker: what, and its answer, in order.
type Scenario = fn(&mut Peer) -> Result<Answers>;

/// Asks our broker and compares with what Kafka 4.3.1 answered.
fn compare(name: &str, properties: &[&str], scenario: Scenario) {
    if is_recording() {
        record(name, CURRENT, properties, scenario).expect("answers of a real Kafka");
    }
    let ours = ask_ours(properties, scenario).expect("answers of our broker");
    golden::assert_same(name, CURRENT, &ours);
}

fn ask_ours(properties: &[&str], scenario: Scenario) -> Result<Answers> {
    let folder = tempfile::Builder::new().prefix("strait-answers-").tempdir()?;
    scenario(&mut Peer::ours(folder.path(), properties)?)
}

fn record(name: &str, release: Release, properties: &[&str], scenario: Scenario) -> Result<()> {
    let world = World::enter(name).expect("STRAIT_RECORD needs Java and Maven");
    let answers = scenario(&mut Peer::kafka(release, properties)?)?;
    drop(world);
    golden::write(name, release, &answers)
}
