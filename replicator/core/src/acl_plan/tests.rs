//! Plans by table, and what holds for all of them.

use proptest::prelude::*;

use super::*;
use crate::rename::{ReplicationPolicy, TopicTemplate};
use crate::selection::{TopicFilter, full_match};

const ALTER: Operation = Operation(7);
const DESCRIBE: Operation = Operation(8);

fn acl(topics: TopicPattern, permission: Permission, operation: Operation) -> TopicAcl {
    TopicAcl { topics, principal: "User:bob".to_owned(), host: "*".to_owned(), operation, permission }
}

fn allow(topics: TopicPattern, operation: Operation) -> TopicAcl {
    acl(topics, Permission::Allow, operation)
}

fn deny(topics: TopicPattern, operation: Operation) -> TopicAcl {
    acl(topics, Permission::Deny, operation)
}

fn literal(name: &str) -> TopicPattern {
    TopicPattern::literal(name)
}

fn prefixed(name: &str) -> TopicPattern {
    TopicPattern::prefixed(name)
}

fn identity() -> ReplicationPolicy {
    ReplicationPolicy::Identity { source_alias: "a".to_owned(), separator: ".".to_owned() }
}

fn template(text: &str) -> ReplicationPolicy {
    let template = TopicTemplate::parse_template(text).expect("a template");
    ReplicationPolicy::Template { template, source_alias: "a".to_owned() }
}

fn regex(pattern: &str, replacement: &str) -> ReplicationPolicy {
    let pattern = Box::new(full_match(pattern).expect("an expression"));
    ReplicationPolicy::Regex { pattern, replacement: replacement.to_owned() }
}

fn rules(policy: ReplicationPolicy) -> AclRules {
    let [include, exclude] = [".*", "secret.*"].map(|pattern| [pattern.to_owned()]);
    let filter = TopicFilter::new(&include, &exclude).expect("patterns");
    AclRules {
        selection: FlowSelection { filter, policy, target_alias: "b".to_owned(), heartbeats: true },
        source_alias: "a".to_owned(),
        source_cluster_id: "cluster a".to_owned(),
        target_cluster_id: "cluster b".to_owned(),
    }
}

/// Both clusters, and what is remembered.
#[derive(Clone, Debug, Default)]
struct World {
    source: BTreeSet<TopicAcl>,
    topics: Vec<String>,
    copied_to_source: BTreeMap<TopicAcl, String>,
    target: BTreeSet<TopicAcl>,
    made: BTreeMap<TopicAcl, AclOrigin>,
}

impl World {
    fn new(topics: &[&str], source: &[TopicAcl]) -> Self {
        let topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        Self { source: source.iter().cloned().collect(), topics, ..Self::default() }
    }

    fn plan(&self, rules: &AclRules) -> AclPlan {
        rules.plan(&AclSides {
            source: &self.source,
            topics: &self.topics,
            copied_to_source: &self.copied_to_source,
            target: &self.target,
            made: &self.made,
        })
    }

    fn apply(&mut self, plan: &AclPlan) {
        for (acl, origin) in &plan.create {
            self.target.insert(acl.clone());
            self.made.insert(acl.clone(), origin.clone());
        }
        self.target.retain(|acl| !plan.remove.contains(acl));
        self.made.retain(|acl, _| !plan.remove.contains(acl) && !plan.forget.contains(acl));
    }

    fn settle(&mut self, rules: &AclRules) {
        let plan = self.plan(rules);
        self.apply(&plan);
    }
}

/// The one rule that comes out of the one rule of the source; why there is none; or that it is not the flow's.
fn outcome(
    policy: ReplicationPolicy,
    topics: &[&str],
    source: TopicAcl,
) -> Option<Result<TopicAcl, LeftOut>> {
    let plan = World::new(topics, std::slice::from_ref(&source)).plan(&rules(policy));
    let created: Vec<TopicAcl> = plan.create.into_keys().collect();
    let left_out: Vec<LeftOut> = plan.left_out.into_values().collect();
    assert_eq!(created.len() + left_out.len(), usize::from(!created.is_empty() || !left_out.is_empty()));
    created.into_iter().next().map(Ok).or_else(|| left_out.into_iter().next().map(Err))
}

#[test]
fn mirror_maker_2_rules() {
    let default = ReplicationPolicy::mirror_maker_default;
    let remote = || literal("a.orders");
    let table = [
        (allow(literal("orders"), Operation::READ), Some(Ok(allow(remote(), Operation::READ)))),
        (allow(literal("orders"), DESCRIBE), Some(Ok(allow(remote(), DESCRIBE)))),
        (allow(literal("orders"), ALTER), Some(Ok(allow(remote(), ALTER)))),
        (allow(literal("orders"), Operation(99)), Some(Ok(allow(remote(), Operation(99))))),
        (allow(literal("orders"), Operation::WRITE), Some(Err(LeftOut::Write))),
        (allow(literal("orders"), Operation::ALL), Some(Ok(allow(remote(), Operation::READ)))),
        (deny(literal("orders"), Operation::ALL), Some(Ok(deny(remote(), Operation::ALL)))),
        (deny(literal("orders"), Operation::WRITE), Some(Ok(deny(remote(), Operation::WRITE)))),
        (deny(literal("orders"), Operation::READ), Some(Ok(deny(remote(), Operation::READ)))),
        // Topics that are not copied: excluded, internal, come from the target.
        (allow(literal("secrets"), Operation::READ), None),
        (allow(literal("__consumer_offsets"), Operation::READ), None),
        (allow(literal("b.orders"), Operation::READ), None),
        // A rule may be there before its topic.
        (allow(literal("later"), Operation::READ), Some(Ok(allow(literal("a.later"), Operation::READ)))),
    ];
    for (source, expected) in table {
        assert_eq!(outcome(default(), &["orders"], source.clone()), expected, "{source:?}");
    }
}

#[test]
fn principal_and_host_are_kept() {
    let source = TopicAcl {
        principal: "User:CN=writer,O=Example".to_owned(),
        host: "10.1.2.3".to_owned(),
        ..allow(literal("orders"), Operation::READ)
    };
    let expected = TopicAcl { topics: literal("orders"), ..source.clone() };
    assert_eq!(outcome(identity(), &[], source), Some(Ok(expected)));
}

#[test]
fn prefixes_are_renamed_where_all_of_their_topics_are() {
    let default = ReplicationPolicy::mirror_maker_default;
    let not_one = |topic: &str, remote_topic: &str| {
        Some(Err(LeftOut::NotOnePrefix { topic: topic.to_owned(), remote_topic: remote_topic.to_owned() }))
    };
    let read = |topics| Some(Ok(allow(topics, Operation::READ)));
    let every = || literal(EVERY_TOPIC);
    let table = [
        (default(), &["orders-1", "orders-2"][..], prefixed("orders"), read(prefixed("a.orders"))),
        (default(), &["orders-1", "other"], prefixed("orders"), read(prefixed("a.orders"))),
        (default(), &["other"], prefixed("orders"), None),
        (default(), &[], prefixed("orders"), None),
        (default(), &["orders"], every(), read(prefixed("a."))),
        (default(), &[], every(), None),
        (identity(), &["orders-1"], prefixed("orders"), read(prefixed("orders"))),
        (identity(), &["orders-1", "heartbeats", "c.heartbeats"], every(), read(every())),
        (
            identity(),
            &["orders", "orders-heartbeats"],
            prefixed("orders"),
            not_one("orders-heartbeats", "a.orders-heartbeats"),
        ),
        (template("copy-{topic}"), &["orders"], prefixed("or"), read(prefixed("copy-or"))),
        (template("copy-{topic}"), &["orders"], every(), read(prefixed("copy-"))),
        (template("{topic}-copy"), &["orders"], prefixed("or"), not_one("orders", "orders-copy")),
        (template("{topic}-{source}"), &["orders"], every(), not_one("orders", "orders-a")),
        (regex("x-(.*)", "y-$1"), &["orders", "other"], prefixed("o"), read(prefixed("o"))),
        (regex("x-(.*)", "y-$1"), &["x-orders"], prefixed("x-"), not_one("x-orders", "y-orders")),
        (regex("o(.*)", "east.o$1"), &["orders", "other"], prefixed("o"), read(prefixed("east.o"))),
        (regex("orders", "east.orders"), &["orders", "other"], prefixed("o"), not_one("other", "other")),
    ];
    for (policy, topics, pattern, expected) in table {
        let source = allow(pattern, Operation::ALL);
        assert_eq!(outcome(policy.clone(), topics, source.clone()), expected, "{policy:?} {source:?}");
    }
}

#[test]
fn two_rules_of_the_source_may_be_one_at_the_target() {
    let source = [Operation::ALL, Operation::READ].map(|operation| allow(literal("orders"), operation));
    let mut world = World::new(&["orders"], &source);
    let rules = rules(ReplicationPolicy::mirror_maker_default());
    let plan = world.plan(&rules);
    assert_eq!((plan.create.len(), plan.wanted.len()), (1, 2));
    world.apply(&plan);
    for gone in source {
        assert!(world.plan(&rules).is_settled());
        world.source.remove(&gone);
    }
    let plan = world.plan(&rules);
    assert_eq!(plan.remove, BTreeSet::from([allow(literal("a.orders"), Operation::READ)]));
}

#[test]
fn what_vanishes_at_the_source_is_removed() {
    let source = [deny(prefixed("orders"), Operation::ALL), allow(literal("orders"), Operation::READ)];
    let mut world = World::new(&["orders"], &source);
    let rules = rules(ReplicationPolicy::mirror_maker_default());
    world.settle(&rules);
    assert_eq!(world.target.len(), 2);
    world.source.clear();
    let plan = world.plan(&rules);
    assert_eq!(plan.remove, world.target);
    world.apply(&plan);
    assert_eq!((world.target.len(), world.made.len()), (0, 0));
    assert!(world.plan(&rules).is_settled());
}

#[test]
fn what_others_made_at_the_target_stays() {
    let of_operator = allow(literal("a.orders"), Operation::READ);
    let foreign = allow(literal("local"), Operation::WRITE);
    let mut world = World::new(&["orders"], &[allow(literal("orders"), Operation::READ)]);
    world.target = BTreeSet::from([of_operator, foreign]);
    let rules = rules(ReplicationPolicy::mirror_maker_default());
    assert!(world.plan(&rules).is_settled(), "what is there already is not made");
    world.source.clear();
    assert!(world.plan(&rules).is_settled());
}

#[test]
fn what_was_made_is_made_again_or_forgotten() {
    let source = allow(literal("orders"), Operation::READ);
    let mut world = World::new(&["orders"], std::slice::from_ref(&source));
    let rules = rules(ReplicationPolicy::mirror_maker_default());
    world.settle(&rules);
    world.target.clear();
    assert_eq!(world.plan(&rules).create.len(), 1, "an operator removed it at the target");
    world.source.clear();
    let plan = world.plan(&rules);
    assert!(plan.remove.is_empty());
    assert_eq!(plan.forget, BTreeSet::from([allow(literal("a.orders"), Operation::READ)]));
}

#[test]
fn a_rule_stays_while_its_source_has_it() {
    let source = [deny(literal("orders"), Operation::READ), deny(prefixed("or"), Operation::READ)];
    let mut world = World::new(&["orders"], &source);
    world.settle(&rules(ReplicationPolicy::mirror_maker_default()));
    let made = world.made.clone();
    // Other names from now on, and topics that are gone: what was copied is still there.
    for policy in [template("copy-{topic}"), ReplicationPolicy::mirror_maker_default()] {
        world.topics.clear();
        let rules = rules(policy);
        let plan = world.plan(&rules);
        assert!(plan.remove.is_empty() && plan.forget.is_empty(), "{plan:?}");
        world.apply(&plan);
    }
    world.source.clear();
    let plan = world.plan(&rules(template("copy-{topic}")));
    assert!(made.keys().all(|acl| plan.remove.contains(acl)), "{plan:?}");
}

#[test]
fn rules_go_round_no_ring() {
    let source = allow(literal("orders"), Operation::READ);
    let mut world = World::new(&["orders"], std::slice::from_ref(&source));
    let rules = rules(identity());
    world.copied_to_source = BTreeMap::from([(source.clone(), "cluster b".to_owned())]);
    let plan = world.plan(&rules);
    assert_eq!(plan.left_out, BTreeMap::from([(source.clone(), LeftOut::FromTarget)]));
    assert!(plan.is_settled());
    // One hop on, the cluster where it began is kept.
    world.copied_to_source = BTreeMap::from([(source.clone(), "cluster c".to_owned())]);
    let plan = world.plan(&rules);
    let origin = AclOrigin { cluster_id: "cluster c".to_owned(), topics: literal("orders") };
    assert_eq!(plan.create, BTreeMap::from([(source, origin)]));
}

fn any_acl() -> impl Strategy<Value = TopicAcl> {
    let names = ["orders", "or", "a.orders", "a.or", "secret", "x-orders", "*", "b.t"];
    let name = proptest::sample::select(names.to_vec());
    let operation = proptest::sample::select(vec![2_i8, 3, 4, 8]);
    (name, any::<bool>(), any::<bool>(), operation).prop_map(|(name, is_literal, is_allow, operation)| {
        let topics = if is_literal { literal(name) } else { prefixed(name) };
        let permission = if is_allow { Permission::Allow } else { Permission::Deny };
        acl(topics, permission, Operation(operation))
    })
}

fn any_policy() -> impl Strategy<Value = ReplicationPolicy> {
    proptest::sample::select(vec![
        ReplicationPolicy::mirror_maker_default(),
        identity(),
        template("{topic}-copy"),
        template("copy-{topic}"),
        regex("x-(.*)", "$1"),
    ])
}

fn acls() -> impl Strategy<Value = BTreeSet<TopicAcl>> {
    proptest::collection::btree_set(any_acl(), 0..12)
}

proptest! {
    /// Through any history: a plan that was applied leaves nothing to do, and what others made stays.
    #[test]
    fn an_applied_plan_leaves_nothing_to_do(
        of_operator in acls(),
        history in proptest::collection::vec((acls(), any_policy(), any::<bool>()), 1..6),
    ) {
        let mut world = World { target: of_operator.clone(), ..World::default() };
        for (source, policy, has_topics) in history {
            world.source = source;
            let topics = if has_topics { &["orders", "x-orders"][..] } else { &[] };
            world.topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
            let rules = rules(policy);
            world.settle(&rules);
            let plan = world.plan(&rules);
            prop_assert!(plan.is_settled(), "{plan:?}");
            prop_assert!(of_operator.is_subset(&world.target));
            let wanted: BTreeSet<TopicAcl> = plan.wanted.into_values().collect();
            prop_assert!(wanted.is_subset(&world.target));
        }
        world.source.clear();
        world.settle(&rules(identity()));
        prop_assert_eq!(world.target, of_operator);
    }
}
