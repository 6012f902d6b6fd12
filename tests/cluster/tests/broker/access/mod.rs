//! What a client may do: the same requests under the same rules, by a real Kafka and by our broker, answered alike.

// MirrorMaker 2 on the same rules.
mod beside;
// Both brokers, with rules.
mod both;
// Rules that follow their topics to another cluster.
mod copied;
// Requests and what of their answers is compared.
mod probes;
// All rules of a broker.
mod rules;

use std::collections::BTreeMap;

use strait_wire::message::create_acls::AclCreation;

use both::Both;

const ALLOW: i8 = 3;
const DENY: i8 = 2;
const LITERAL: i8 = 3;
const PREFIXED: i8 = 4;
const TOPIC: i8 = 2;
const GROUP: i8 = 3;
const CLUSTER: i8 = 4;
const TRANSACTIONAL_ID: i8 = 5;
/// `AclOperation.ALL`, and every operation on resources.
const ALL: i8 = 2;
const OPERATIONS: std::ops::RangeInclusive<i8> = ALL..=12;
/// What requests about groups and transactions ask for: read, write, delete, describe.
const COORDINATED: [i8; 5] = [ALL, 3, 4, 6, 8];
const PATTERNS: [(i8, &str); 3] = [(LITERAL, "one"), (PREFIXED, "o"), (LITERAL, "*")];

fn rule(kind: i8, (pattern, name): (i8, &str), operation: i8, permission: i8) -> AclCreation {
    AclCreation {
        resource_type: kind,
        resource_name: name.to_owned(),
        resource_pattern_type: pattern,
        principal: "User:ANONYMOUS".to_owned(),
        host: "*".to_owned(),
        operation,
        permission_type: permission,
    }
}

/// Every operation on every kind of resource, named in full, by a prefix and by `*`.
fn one_by_one(permission: i8) -> Vec<AclCreation> {
    let mut rules = Vec::new();
    for operation in OPERATIONS {
        rules.extend(PATTERNS.map(|pattern| rule(TOPIC, pattern, operation, permission)));
        // Of the operations that nobody asks for one pattern is enough.
        let patterns = if COORDINATED.contains(&operation) { &PATTERNS[..] } else { &PATTERNS[..1] };
        for kind in [GROUP, TRANSACTIONAL_ID] {
            rules.extend(patterns.iter().map(|pattern| rule(kind, *pattern, operation, permission)));
        }
        rules.push(rule(CLUSTER, (LITERAL, "kafka-cluster"), operation, permission));
    }
    rules
}

/// One operation is allowed, and nothing else.
fn allowed_one_by_one() -> Vec<Vec<AclCreation>> {
    std::iter::once(Vec::new()).chain(one_by_one(ALLOW).into_iter().map(|rule| vec![rule])).collect()
}

/// Everything is allowed but one operation.
fn denied_one_by_one() -> Vec<Vec<AclCreation>> {
    let everything = || -> Vec<AclCreation> {
        let named = [TOPIC, GROUP, TRANSACTIONAL_ID].map(|kind| rule(kind, (LITERAL, "*"), ALL, ALLOW));
        named.into_iter().chain([rule(CLUSTER, (LITERAL, "kafka-cluster"), ALL, ALLOW)]).collect()
    };
    let with = |denial: AclCreation| everything().into_iter().chain([denial]).collect::<Vec<_>>();
    std::iter::once(everything()).chain(one_by_one(DENY).into_iter().map(with)).collect()
}

/// Rules for other hosts and other people, and those that overlap.
fn mixed() -> Vec<Vec<AclCreation>> {
    let read = || rule(TOPIC, (LITERAL, "one"), 3, ALLOW);
    vec![
        vec![AclCreation { host: "127.0.0.1".to_owned(), ..read() }],
        vec![AclCreation { host: "10.1.2.3".to_owned(), ..read() }],
        vec![AclCreation { principal: "User:*".to_owned(), ..read() }],
        vec![AclCreation { principal: "User:somebody".to_owned(), ..read() }],
        vec![read(), AclCreation { host: "127.0.0.1".to_owned(), permission_type: DENY, ..read() }],
        vec![read(), AclCreation { host: "10.1.2.3".to_owned(), permission_type: DENY, ..read() }],
        // Who may write to some topic may write idempotently, if not all of it is denied.
        vec![rule(TOPIC, (PREFIXED, "o"), 4, ALLOW), rule(TOPIC, (LITERAL, "one"), 4, DENY)],
        vec![rule(TOPIC, (LITERAL, "one"), 4, ALLOW), rule(TOPIC, (PREFIXED, "o"), 4, DENY)],
        vec![rule(TOPIC, (LITERAL, "*"), 4, ALLOW), rule(TOPIC, (LITERAL, "*"), 4, DENY)],
    ]
}

/// Asks both the same under each set of rules. All that differs is told at the end, once.
fn compare(both: &Both, cases: Vec<Vec<AclCreation>>) {
    let mut differences: BTreeMap<String, String> = BTreeMap::new();
    for rules in cases {
        both.set_rules(&rules).expect("rules");
        let [kafka, ours] = both.each(probes::all).expect("answers");
        assert_eq!(kafka.len(), ours.len());
        for (expected, found) in kafka.iter().zip(&ours).filter(|(expected, found)| expected != found) {
            let difference = format!("ours {found}\nKafka's {expected}");
            differences.entry(difference).or_insert_with(|| format!("{rules:?}"));
        }
    }
    let differences: Vec<String> =
        differences.into_iter().map(|(difference, rules)| format!("{difference}\nunder {rules}")).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

/// One test for many rules, since a real Kafka takes longer to start than to ask.
#[test]
fn rules_allow_and_deny_as_with_kafka() {
    let Some(mut both) = Both::start("rules_allow_and_deny_as_with_kafka", &[]) else { return };
    compare(&both, mixed());
    compare(&both, allowed_one_by_one());
    compare(&both, denied_one_by_one());

    both.set_rules(&[rule(TOPIC, (LITERAL, "one"), 3, ALLOW)]).expect("rules");
    let [_, before] = both.each(probes::all).expect("answers");
    both.restart_ours().expect("started again");
    let [_, after] = both.each(probes::all).expect("answers");
    assert_eq!(before, after, "rules outlive a restart");
}

#[test]
fn everybody_may_do_what_no_rule_is_about() {
    let open = ["allow.everyone.if.no.acl.found=true"];
    let Some(both) = Both::start("everybody_may_do_what_no_rule_is_about", &open) else { return };
    let cases =
        [vec![], vec![rule(TOPIC, (LITERAL, "one"), 8, ALLOW)], vec![rule(GROUP, (LITERAL, "*"), 3, DENY)]];
    compare(&both, cases.into());
    both.set_rules(&[]).expect("no rules");
    let [kafka, ours] = both.each(probes::administration::ask_all).expect("answers");
    for (expected, found) in kafka.iter().zip(&ours) {
        assert_eq!(found, expected);
    }
}
