//! Plans by table, and what holds for all of them.

use proptest::prelude::*;

use super::*;

fn alice(key: &str) -> ClientQuota {
    let entity = QuotaEntity::of_parts([("user", Some("alice"))]).expect("an entity");
    ClientQuota { entity, key: key.to_owned() }
}

fn rules() -> PrincipalRules {
    PrincipalRules {
        flow: "b--c".to_owned(),
        source_cluster_id: "cluster b".to_owned(),
        target_cluster_id: "cluster c".to_owned(),
    }
}

/// Both clusters, and what is remembered.
#[derive(Clone, Debug, Default)]
struct World {
    source: BTreeMap<ClientQuota, f64>,
    copied_to_source: BTreeMap<ClientQuota, String>,
    target: BTreeMap<ClientQuota, f64>,
    made: BTreeMap<ClientQuota, String>,
    made_by_others: BTreeMap<ClientQuota, String>,
}

impl World {
    fn new(source: &[(&str, f64)], target: &[(&str, f64)]) -> Self {
        let quotas =
            |quotas: &[(&str, f64)]| quotas.iter().map(|(key, value)| (alice(key), *value)).collect();
        Self { source: quotas(source), target: quotas(target), ..Self::default() }
    }

    fn plan(&self) -> PrincipalPlan<ClientQuota, f64> {
        let sides = PrincipalSides {
            source: &self.source,
            copied_to_source: &self.copied_to_source,
            target: &self.target,
            made: &self.made,
            made_by_others: &self.made_by_others,
        };
        rules().plan(&sides, |_, source, target| compare_quotas(*source, target.copied()))
    }

    fn settle(&mut self) {
        let plan = self.plan();
        for (name, written) in plan.write {
            self.target.insert(name.clone(), written.value);
            self.made.insert(name, written.origin_cluster_id);
        }
        self.target.retain(|name, _| !plan.remove.contains(name));
        self.made.retain(|name, _| !plan.remove.contains(name) && !plan.forget.contains(name));
    }
}

#[test]
fn what_is_set_at_the_source_counts() {
    // The source's value, the target's, and what is written.
    let table = [
        (Some(1.0), None, Some(1.0)),
        (Some(2.0), Some(1.0), Some(2.0)),
        (Some(1.0), Some(1.0), None),
        (None, Some(1.0), None),
        (Some(f64::NAN), Some(f64::NAN), None),
    ];
    for (source, target, expected) in table {
        let mut world = World::default();
        world.source.extend(source.map(|value| (alice("rate"), value)));
        world.target.extend(target.map(|value| (alice("rate"), value)));
        let plan = world.plan();
        let written = plan.write.get(&alice("rate"));
        assert_eq!(written.map(|written| written.value), expected, "{source:?} {target:?}");
        assert!(written.is_none_or(|written| written.origin_cluster_id == "cluster b"));
        assert!(plan.remove.is_empty() && plan.forget.is_empty());
        world.settle();
        assert!(world.plan().is_settled(), "{source:?} {target:?}");
    }
}

#[test]
fn only_what_the_flow_made_is_removed() {
    let mut world =
        World::new(&[("new", 1.0), ("changed", 1.0), ("same", 1.0)], &[("changed", 9.0), ("same", 1.0)]);
    world.target.insert(alice("of a person"), 5.0);
    world.settle();
    world.source.clear();
    let plan = world.plan();
    assert_eq!(plan.remove, BTreeSet::from([alice("new"), alice("changed")]));
    world.settle();
    assert_eq!(world.target, BTreeMap::from([(alice("same"), 1.0), (alice("of a person"), 5.0)]));
    assert!(world.made.is_empty() && world.plan().is_settled());
}

#[test]
fn what_was_made_is_made_again_or_forgotten() {
    let mut world = World::new(&[("rate", 1.0)], &[]);
    world.settle();
    world.target.insert(alice("rate"), 7.0);
    assert_eq!(world.plan().write[&alice("rate")].value, 1.0, "a person changed it at the target");
    world.target.clear();
    assert_eq!(world.plan().write.len(), 1, "a person removed it at the target");
    world.source.clear();
    let plan = world.plan();
    assert_eq!((plan.remove.len(), plan.forget), (0, BTreeSet::from([alice("rate")])));
}

#[test]
fn quotas_go_round_no_ring() {
    let mut world = World::new(&[("rate", 1.0)], &[]);
    world.copied_to_source = BTreeMap::from([(alice("rate"), "cluster c".to_owned())]);
    for target in [None, Some(2.0)] {
        world.target = target.map(|value| (alice("rate"), value)).into_iter().collect();
        let plan = world.plan();
        assert_eq!(plan.found[&alice("rate")], Finding::LeftOut(LeftOut::FromTarget));
        assert!(plan.is_settled(), "{target:?}");
    }
    // One hop on, the cluster where it began is kept.
    world.copied_to_source = BTreeMap::from([(alice("rate"), "cluster a".to_owned())]);
    assert_eq!(world.plan().write[&alice("rate")].origin_cluster_id, "cluster a");
}

#[test]
fn two_flows_to_one_target_do_not_fight() {
    let theirs = |flow: &str| BTreeMap::from([(alice("rate"), flow.to_owned())]);
    // The other flow, whether both made it, and whether it is left to the other.
    for (other, is_made, is_left) in
        [("a--c", false, true), ("a--c", true, true), ("z--c", false, true), ("z--c", true, false)]
    {
        let mut world = World::new(&[("rate", 1.0)], &[("rate", 2.0)]);
        world.made_by_others = theirs(other);
        world.made.extend(is_made.then(|| (alice("rate"), "cluster b".to_owned())));
        let left_out = Finding::LeftOut(LeftOut::OfOtherFlow { flow: other.to_owned() });
        let expected = if is_left { left_out } else { Finding::ToWrite };
        assert_eq!(world.plan().found[&alice("rate")], expected, "{other} {is_made}");
        // What the other flow keeps is not removed; what nobody has there is made.
        world.made = BTreeMap::from([(alice("rate"), "cluster b".to_owned())]);
        let source = std::mem::take(&mut world.source);
        assert_eq!(world.plan().forget, BTreeSet::from([alice("rate")]));
        world.source = source;
        world.target.clear();
        assert_eq!(world.plan().found[&alice("rate")], Finding::ToWrite);
    }
}

#[test]
fn users_are_made_where_their_password_is_known() {
    let table = [
        (None, true, Finding::ToWrite),
        (None, false, Finding::NoPassword),
        (Some(4_096), true, Finding::Synced),
        (Some(4_096), false, Finding::Synced),
        (Some(8_192), true, Finding::Drift),
        (Some(8_192), false, Finding::Drift),
    ];
    for (target, has_password, expected) in table {
        assert_eq!(compare_users(4_096, target, has_password), expected, "{target:?} {has_password}");
    }
}

type Parts<'a> = &'a [(&'a str, Option<&'a str>)];

#[test]
fn entities_are_users_and_client_ids() {
    let named = |name: &str| Some(EntityName::Named(name.to_owned()));
    let default = || Some(EntityName::Default);
    let table: [(Parts<'_>, Option<QuotaEntity>); 7] = [
        (&[("user", Some("alice"))], Some(QuotaEntity { user: named("alice"), client_id: None })),
        (&[("client-id", None)], Some(QuotaEntity { user: None, client_id: default() })),
        (
            &[("client-id", Some("c")), ("user", None)],
            Some(QuotaEntity { user: default(), client_id: named("c") }),
        ),
        (&[("ip", Some("10.0.0.1"))], None),
        (&[("ip", None)], None),
        (&[("user", Some("alice")), ("group", Some("g"))], None),
        (&[], None),
    ];
    for (parts, expected) in table {
        let entity = QuotaEntity::of_parts(parts.iter().copied());
        assert_eq!(entity, expected, "{parts:?}");
        if let Some(entity) = entity {
            let parts: Vec<(&str, Option<&str>)> = entity.parts().collect();
            assert_eq!(QuotaEntity::of_parts(parts), Some(entity.clone()));
        }
    }
    let entity = QuotaEntity { user: named("alice"), client_id: default() };
    let shown = ClientQuota { entity, key: "producer_byte_rate".to_owned() }.to_string();
    assert_eq!(shown, "user alice client-id <default> producer_byte_rate");
}

fn quotas() -> impl Strategy<Value = BTreeMap<ClientQuota, f64>> {
    let key = proptest::sample::select(vec!["a", "b", "c", "d", "e"]).prop_map(alice);
    proptest::collection::btree_map(key, (1_u8..4).prop_map(f64::from), 0..5)
}

proptest! {
    /// Through any history: a plan that was applied leaves nothing to do, and what the flow never touched stays.
    #[test]
    fn an_applied_plan_leaves_nothing_to_do(
        of_person in quotas(),
        history in proptest::collection::vec(quotas(), 1..6),
    ) {
        let mut world = World { target: of_person.clone(), ..World::default() };
        let mut touched = BTreeSet::new();
        for source in history {
            world.source = source;
            touched.extend(world.plan().write.into_keys());
            world.settle();
            prop_assert!(world.plan().is_settled());
            prop_assert!(world.source.iter().all(|(name, value)| world.target.get(name) == Some(value)));
        }
        world.source.clear();
        world.settle();
        let untouched = of_person.into_iter().filter(|(name, _)| !touched.contains(name));
        prop_assert_eq!(world.target, untouched.collect());
    }
}
