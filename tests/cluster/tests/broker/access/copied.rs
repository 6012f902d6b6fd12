//! Rules of one broker follow their topics to another, by `strait replicate`. `STRAIT_MM2` (0; 1 shows what MirrorMaker 2
//! makes of them).

use std::time::Duration;

use anyhow::{Context, Result, bail};
use strait_cluster_tests::strait::{Plan, Strait};
use strait_cluster_tests::wait::Attempt;
use strait_cluster_tests::world::World;
use strait_wire::message::create_acls::AclCreation;

use super::{ALL, ALLOW, DENY, GROUP, LITERAL, PREFIXED, TOPIC, beside, rule, rules};
use crate::process::Broker;
use crate::wire::Wire;
use crate::{client, http};

const READ: i8 = 3;
const WRITE: i8 = 4;
const DESCRIBE: i8 = 8;
const LIMIT: Duration = Duration::from_secs(30);
const FLOW: &str = "east--west";
pub(super) const PROPERTIES: [&str; 2] = [
    "super.users=User:ANONYMOUS",
    "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
];

/// By its own connection, as whoever may do all.
pub(super) fn administrator(broker: &Broker) -> Wire {
    Wire::open(&broker.address(), "harness").expect("a connection")
}

fn wait_rules(strait: &mut Strait, broker: &Broker, expected: &[AclCreation]) {
    let expected = rules::shown(expected);
    let look = |_: &Strait| {
        let found = rules::shown(&rules::all(&mut administrator(broker))?);
        Ok(if found == expected { Attempt::Done(()) } else { Attempt::NotYet(format!("{found:#?}")) })
    };
    strait.wait(&format!("{expected:#?}"), LIMIT, look).expect("the rules of the target");
}

/// How many requests that change rules came.
pub(super) fn writes(broker: &Broker) -> Result<Vec<String>> {
    let metrics = http::get(&broker.http_address(), "/metrics")?;
    let of = |api: &str| format!("strait_broker_requests_total{{api=\"{api}\"}}");
    let names = ["CREATE_ACLS", "DELETE_ACLS"].map(of);
    let lines = metrics.lines().filter(|line| names.iter().any(|name| line.starts_with(name)));
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    if lines.len() == 2 { Ok(lines) } else { bail!("{metrics}") }
}

/// Waits until rules were compared so many times more.
fn wait_passes(strait: &mut Strait, passes: u32) {
    for _ in 0..passes {
        let at = |strait: &Strait| strait.flow(FLOW)?["acls"]["at_ms"].as_i64().context("a time");
        let before = at(strait).expect("the flow's rules");
        let look = |strait: &Strait| {
            let now = at(strait)?;
            Ok(if now > before { Attempt::Done(()) } else { Attempt::NotYet(now.to_string()) })
        };
        strait.wait("a pass over rules", LIMIT, look).expect("a pass");
    }
}

#[test]
fn rules_follow_their_topics() {
    let Some(world) = World::enter("rules_follow_their_topics") else { return };
    let [east, west] = ["east", "west"]
        .map(|name| Broker::start(&world.folder().join(name), &PROPERTIES).expect("a broker"));
    for topic in ["orders", "orders-eu", "other"] {
        client::create(&east.address(), topic, 1, &[]).expect("a topic");
    }
    let topic = |pattern, name, operation, permission| rule(TOPIC, (pattern, name), operation, permission);
    let at_source = [
        topic(LITERAL, "orders", READ, ALLOW),
        topic(PREFIXED, "orders", DESCRIBE, ALLOW),
        topic(LITERAL, "orders", READ, DENY),
        topic(PREFIXED, "orders-", ALL, DENY),
        topic(LITERAL, "orders-eu", ALL, ALLOW),
        topic(LITERAL, "orders", WRITE, ALLOW),
        topic(LITERAL, "other", READ, ALLOW),
        rule(GROUP, (LITERAL, "orders"), READ, ALLOW),
    ];
    rules::create(&mut administrator(&east), &at_source).expect("rules");
    // Of an operator: one that the source has as well, and one that it has not.
    let of_operator =
        [topic(LITERAL, "east.orders", READ, DENY), topic(LITERAL, "east.orders", WRITE, ALLOW)];
    rules::create(&mut administrator(&west), &of_operator).expect("rules");
    let plan = Plan::one_flow(&east.address(), &west.address(), "orders.*").with("acl_interval_ms = 100");
    let mut strait = Strait::start(world.folder(), &plan).expect("strait");
    let made = [
        topic(LITERAL, "east.orders", READ, ALLOW),
        topic(PREFIXED, "east.orders", DESCRIBE, ALLOW),
        topic(PREFIXED, "east.orders-", ALL, DENY),
        topic(LITERAL, "east.orders-eu", READ, ALLOW),
    ];
    wait_rules(&mut strait, &west, &[&made[..], &of_operator].concat());
    wait_passes(&mut strait, 2);
    let before = writes(&west).expect("counts");
    wait_passes(&mut strait, 5);
    assert_eq!(writes(&west).expect("counts"), before, "nothing is written where nothing differs");
    let told = strait.get(&format!("/v1/flows/{FLOW}/acls")).expect("an answer");
    let sync = ["state", "synced", "left_out", "drift"].map(|name| told["sync"][name].to_string());
    assert_eq!(sync, ["\"synced\"", "5", "1", "0"], "{told:#}");
    assert_eq!(strait.metric("strait_acls_changed_total", &["change=\"created\""]).expect("a metric"), 4.0);

    // Who made what is known after a sudden end.
    strait.kill().expect("killed");
    rules::remove_all(&mut administrator(&east)).expect("removed");
    rules::create(&mut administrator(&east), &at_source[..1]).expect("a rule");
    strait.restart().expect("started");
    wait_rules(&mut strait, &west, &[&made[..1], &of_operator].concat());
    rules::remove_all(&mut administrator(&east)).expect("removed");
    wait_rules(&mut strait, &west, &of_operator);
    assert!(writes(&east).expect("counts").iter().any(|line| line.ends_with("{api=\"CREATE_ACLS\"} 2")));
    if strait_cluster_tests::beside::is_wanted() {
        beside::show(world.folder(), &east, &at_source);
    }
}
