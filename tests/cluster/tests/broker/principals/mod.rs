//! Quotas and users of one cluster follow to another, by `strait replicate`: from a real Kafka to our broker, and both ways.

// Both clusters.
mod sides;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use strait_client::ScramHash;
use strait_cluster_tests::strait::{Flow, Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::world::World;

use crate::http;
use crate::process::Broker;
use sides::Side;

const LIMIT: Duration = Duration::from_secs(30);
const FLOW: &str = "east--west";
const BACK: &str = "west--east";
const PRODUCER: &str = "producer_byte_rate";
const CONSUMER: &str = "consumer_byte_rate";
const ALICE: &str = "alice=canary";
const CAROL: &str = "carol,canary";
const SHA_256: i8 = 1;
const SHA_512: i8 = 2;

/// Quotas of the source as a person sets them. They are far above what the test does.
const AT_SOURCE: [(&str, &str, f64); 7] = [
    ("user=alice", PRODUCER, 1_000.0),
    ("user=alice", CONSUMER, 2_000.0),
    ("user=", "request_percentage", 5_000.5),
    ("client-id=", PRODUCER, 50_000_000.0),
    ("client-id=app,user=alice", PRODUCER, 10.0),
    ("client-id=app,user=", "controller_mutation_rate", 250.5),
    ("user=same", PRODUCER, 7.0),
];
/// A quota that means nothing at another cluster.
const ADDRESS: (&str, &str) = ("ip=127.0.0.9", "connection_creation_rate");
/// Quotas of the target as a person sets them: one that differs, one that is the same, one that the source has not.
const AT_TARGET: [(&str, &str, f64); 3] =
    [("user=alice", CONSUMER, 1.0), ("user=same", PRODUCER, 7.0), ("user=local", PRODUCER, 5.0)];

type Quotas = BTreeMap<String, f64>;

fn quotas(of: &[(&str, &str, f64)]) -> Quotas {
    of.iter().map(|(entity, key, value)| (format!("{entity} {key}"), *value)).collect()
}

fn wait_quotas(strait: &mut Strait, side: &Side, expected: &Quotas) {
    let look = |_: &Strait| {
        let found = side.quotas()?;
        Ok(if found == *expected { Attempt::Done(()) } else { Attempt::NotYet(format!("{found:#?}")) })
    };
    strait.wait(&format!("{expected:#?}"), LIMIT, look).expect("quotas");
}

fn wait_users(strait: &mut Strait, side: &Side, expected: &[(&str, i8, i32)]) {
    let users = expected.iter().map(|(name, mechanism, count)| (((*name).to_owned(), *mechanism), *count));
    let expected: BTreeMap<(String, i8), i32> = users.collect();
    let look = |_: &Strait| {
        let found = side.users()?;
        Ok(if found == expected { Attempt::Done(()) } else { Attempt::NotYet(format!("{found:#?}")) })
    };
    strait.wait(&format!("{expected:#?}"), LIMIT, look).expect("users");
}

/// When quotas and users were compared.
fn compared_at(strait: &Strait, flow: &str) -> Result<[i64; 2]> {
    let flow = strait.flow(flow)?;
    let at = |kind: &str| flow[kind]["at_ms"].as_i64().context("a time");
    Ok([at("client_quotas")?, at("scram_users")?])
}

/// Waits until both sides were compared so many times more, quotas as well as users.
fn wait_passes(strait: &mut Strait, flow: &str, passes: u32) {
    for _ in 0..passes {
        let before = compared_at(strait, flow).expect("the flow");
        let look = |strait: &Strait| {
            let now = compared_at(strait, flow)?;
            let is_later = now.iter().zip(before).all(|(now, before)| *now > before);
            Ok(if is_later { Attempt::Done(()) } else { Attempt::NotYet(format!("{now:?}")) })
        };
        strait.wait("a pass", LIMIT, look).expect("a pass");
    }
}

/// Requests for changes that came to our broker, and changes that the flows made at both.
fn writes(strait: &Strait, west: &Broker) -> Result<(Vec<String>, f64)> {
    let metrics = http::get(&west.http_address(), "/metrics")?;
    let of = |api: &str| format!("strait_broker_requests_total{{api=\"{api}\"}}");
    let names = ["ALTER_CLIENT_QUOTAS", "ALTER_USER_SCRAM_CREDENTIALS"].map(of);
    let lines = metrics.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
    let quotas = strait.metric("strait_client_quotas_changed_total", &[])?;
    let users = strait.metric("strait_scram_users_changed_total", &[])?;
    Ok((lines.map(str::to_owned).collect(), quotas + users))
}

/// Nothing is written while both sides are compared five times more.
fn assert_settled(strait: &mut Strait, west: &Broker, flows: &[&str]) {
    flows.iter().for_each(|flow| wait_passes(strait, flow, 2));
    let before = writes(strait, west).expect("counts");
    assert_eq!(before.0.len(), 2, "{before:?}");
    flows.iter().for_each(|flow| wait_passes(strait, flow, 5));
    assert_eq!(writes(strait, west).expect("counts"), before, "nothing is written where nothing differs");
}

fn plan(folder: &Path, east: &str, west: &str) -> Result<Plan> {
    fs::write(folder.join("alice.password"), ALICE)?;
    let reference = format!("${{dir:{}:alice.password}}", folder.display());
    let passwords = format!("scram_passwords = {{ alice = '{reference}', carol = '{CAROL}' }}");
    let keys = "sync_client_quotas = true\nsync_scram_users = true\nprincipal_interval_ms = 100";
    Ok(Plan::one_flow(east, west, "orders").with(keys).with(&passwords))
}

fn there_and_back(plan: &Plan) -> Plan {
    let mut both = plan.clone();
    let back = plan.flows.iter().map(|flow| Flow {
        source: flow.target.clone(),
        target: flow.source.clone(),
        ..flow.clone()
    });
    both.flows.extend(back);
    both
}

/// How many of a kind are in each of these states.
fn counts(strait: &Strait, kind: &str) -> Result<[i64; 4]> {
    let sync = strait.get(&format!("/v1/flows/{FLOW}/{kind}"))?["sync"].clone();
    assert_eq!(sync["state"], "synced", "{sync}");
    let count = |state: &str| sync[state].as_i64().unwrap_or(-1);
    Ok(["synced", "left_out", "no_password_configured", "drift"].map(count))
}

fn quotas_follow(strait: &mut Strait, east: &Side, west: &Side, broker: &Broker) {
    let mut expected = quotas(&[&AT_TARGET[2..], &AT_SOURCE].concat());
    wait_quotas(strait, west, &expected);
    assert_settled(strait, broker, &[FLOW]);
    assert_eq!(counts(strait, "client-quotas").expect("counts"), [7, 0, 0, 0]);
    let made = strait.metric("strait_client_quotas_changed_total", &["change=\"written\""]);
    assert_eq!(made.expect("a metric"), 6.0, "what is there already is not made");

    east.set("user=alice", PRODUCER, Some(1_500.0)).expect("changed");
    east.set("client-id=", PRODUCER, None).expect("removed");
    east.set("user=same", PRODUCER, None).expect("removed");
    west.set("user=alice", CONSUMER, Some(3.0)).expect("changed by hand");
    expected.insert(format!("user=alice {PRODUCER}"), 1_500.0);
    expected.remove(&format!("client-id= {PRODUCER}"));
    wait_quotas(strait, west, &expected);
    assert_settled(strait, broker, &[FLOW]);
    assert_eq!(west.quotas().expect("quotas"), expected, "what a person set at the target stays");
}

fn users_follow(strait: &mut Strait, east: &Side, west: &Side) {
    wait_users(
        strait,
        west,
        &[
            ("alice", SHA_256, 4_096),
            ("alice", SHA_512, 8_192),
            ("dora", SHA_256, 4_096),
            ("erin", SHA_256, 4_096),
        ],
    );
    wait_passes(strait, FLOW, 1);
    assert_eq!(counts(strait, "scram-users").expect("counts"), [2, 0, 1, 1]);
    let told = strait.get(&format!("/v1/flows/{FLOW}/scram-users")).expect("an answer");
    let states: BTreeMap<&str, &str> = told["scram_users"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| Some((row["user"].as_str()?, row["state"].as_str()?)))
        .collect();
    let expected = [("alice", "synced"), ("bob", "no_password_configured"), ("dora", "drift")];
    assert_eq!(states, BTreeMap::from(expected), "{told:#}");
    for (name, hash, password, is_let_in) in [
        ("alice", ScramHash::Sha256, ALICE, true),
        ("alice", ScramHash::Sha512, ALICE, true),
        ("alice", ScramHash::Sha512, CAROL, false),
        ("bob", ScramHash::Sha256, "bob", false),
        ("erin", ScramHash::Sha256, "erin", true),
    ] {
        assert_eq!(west.lets_in(name, hash, password), is_let_in, "{name} {hash:?} {password}");
    }
    east.remove_user("alice", ScramHash::Sha256).expect("removed");
    wait_users(
        strait,
        west,
        &[("alice", SHA_512, 8_192), ("dora", SHA_256, 4_096), ("erin", SHA_256, 4_096)],
    );
    assert!(
        !west.lets_in("alice", ScramHash::Sha256, ALICE) && west.lets_in("alice", ScramHash::Sha512, ALICE)
    );
}

/// What one flow made is not taken for a person's by the other.
fn both_ways(strait: &mut Strait, east: &Side, west: &Side, broker: &Broker) {
    east.set(ADDRESS.0, ADDRESS.1, None).expect("removed");
    west.set("user=frank", PRODUCER, Some(70.0)).expect("set");
    west.make_user("carol", ScramHash::Sha256, CAROL, 4_096).expect("a user");
    let mut expected = east.quotas().expect("quotas");
    expected.insert(format!("user=frank {PRODUCER}"), 70.0);
    for (of, key, value) in &AT_TARGET[1..] {
        expected.insert(format!("{of} {key}"), *value);
    }
    wait_quotas(strait, east, &expected);
    strait
        .wait("carol is let in at the source", LIMIT, |_| {
            Ok(match east.lets_in("carol", ScramHash::Sha256, CAROL) {
                true => Attempt::Done(()),
                false => Attempt::NotYet(format!("{:?}", east.users()?)),
            })
        })
        .expect("carol");
    assert_settled(strait, broker, &[FLOW, BACK]);

    // A person changes each where it began, and a copy by hand.
    east.set("user=alice", PRODUCER, Some(1_600.0)).expect("changed");
    west.set("user=frank", PRODUCER, Some(80.0)).expect("changed");
    west.set("user=alice", CONSUMER, Some(9.0)).expect("changed by hand");
    expected.insert(format!("user=alice {PRODUCER}"), 1_600.0);
    expected.insert(format!("user=frank {PRODUCER}"), 80.0);
    for side in [east, west] {
        wait_quotas(strait, side, &expected);
    }
    assert_settled(strait, broker, &[FLOW, BACK]);

    east.set("user=alice", PRODUCER, None).expect("removed");
    west.set("user=frank", PRODUCER, None).expect("removed");
    west.remove_user("carol", ScramHash::Sha256).expect("removed");
    expected.retain(|name, _| *name != format!("user=alice {PRODUCER}") && !name.starts_with("user=frank"));
    for side in [east, west] {
        wait_quotas(strait, side, &expected);
    }
    assert_settled(strait, broker, &[FLOW, BACK]);
    for side in [east, west] {
        assert_eq!(side.quotas().expect("quotas"), expected);
        assert!(side.users().expect("users").keys().all(|(name, _)| name != "carol"));
    }
}

#[test]
fn quotas_and_users_follow() {
    let Some(world) = World::enter("quotas_and_users_follow") else { return };
    let (kafka, east) = sides::kafka().expect("a real Kafka");
    let (broker, west) = sides::ours(&world.folder().join("west")).expect("our broker");
    for (side, quotas) in [(&east, &AT_SOURCE[..]), (&west, &AT_TARGET)] {
        for (of, key, value) in quotas {
            side.set(of, key, Some(*value)).expect("a quota");
        }
    }
    east.set(ADDRESS.0, ADDRESS.1, Some(100.0)).expect("a quota");
    east.make_user("alice", ScramHash::Sha256, "not told", 4_096).expect("a user");
    east.make_user("alice", ScramHash::Sha512, "not told", 8_192).expect("a user");
    east.make_user("bob", ScramHash::Sha256, "bob", 4_096).expect("a user");
    for (side, iterations) in [(&east, 8_192), (&west, 4_096)] {
        side.make_user("dora", ScramHash::Sha256, "dora", iterations).expect("a user");
    }
    west.make_user("erin", ScramHash::Sha256, "erin", 4_096).expect("a user");
    let plan = plan(world.folder(), &kafka.address(), &broker.address()).expect("a plan");
    let mut strait = Strait::start(world.folder(), &plan).expect("strait");
    quotas_follow(&mut strait, &east, &west, &broker);
    users_follow(&mut strait, &east, &west);

    // Who made what is known after a sudden end.
    strait.kill().expect("killed");
    east.set("client-id=app,user=alice", PRODUCER, None).expect("removed");
    east.remove_user("alice", ScramHash::Sha512).expect("removed");
    let mut expected = west.quotas().expect("quotas");
    expected.remove(&format!("client-id=app,user=alice {PRODUCER}"));
    strait.restart().expect("started");
    wait_quotas(&mut strait, &west, &expected);
    wait_users(&mut strait, &west, &[("dora", SHA_256, 4_096), ("erin", SHA_256, 4_096)]);

    strait.stop(LIMIT).expect("stopped");
    strait.restart_with(&there_and_back(&plan)).expect("started");
    both_ways(&mut strait, &east, &west, &broker);
}
