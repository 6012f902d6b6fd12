//! Precedence of quotas, and rates against a plain sum.

use super::*;

fn entity(user: Option<&str>, client_id: Option<&str>) -> Entity {
    let part = |name: &str| if name == "*" { Part::Default } else { Part::Named(name.to_owned()) };
    Entity { user: user.map(part), client_id: client_id.map(part), ip: None }
}

const KIND: QuotaKind = QuotaKind::ProducerByteRate;

#[test]
fn the_closest_quota_applies() {
    let order = [
        (Some("u"), Some("c")),
        (Some("u"), Some("*")),
        (Some("u"), None),
        (Some("*"), Some("c")),
        (Some("*"), Some("*")),
        (Some("*"), None),
        (None, Some("c")),
        (None, Some("*")),
    ];
    let mut quotas = Quotas::default();
    for (at, (user, client_id)) in order.iter().enumerate().rev() {
        assert!(quotas.set(entity(*user, *client_id), KIND, Some(1.0 + at as f64)));
        let applied = quotas.of_client("u", "c", KIND).expect("a quota");
        let shared_by = entity(user.map(|_| "u"), client_id.map(|_| "c"));
        assert_eq!(applied, AppliedQuota { limit: 1.0 + at as f64, shared_by });
    }
    assert_eq!(quotas.of_client("u", "c", QuotaKind::ConsumerByteRate), None);
    let without_id = quotas.of_client("u", "", KIND).expect("a quota");
    assert_eq!((without_id.limit, without_id.shared_by), (3.0, entity(Some("u"), None)));
    for (user, client_id) in order {
        quotas.set(entity(user, client_id), KIND, None);
    }
    assert_eq!(quotas, Quotas::default());
}

#[test]
fn what_can_not_be_is_refused() {
    let mut quotas = Quotas::default();
    let ip = Entity { ip: Some(Part::Named("10.0.0.1".to_owned())), ..Entity::default() };
    assert!(!quotas.set(ip.clone(), KIND, Some(1.0)));
    assert!(!quotas.set(entity(Some("u"), None), QuotaKind::ConnectionCreationRate, Some(1.0)));
    assert!(!quotas.set(Entity::default(), KIND, Some(1.0)));
    assert!(!quotas.set(entity(Some("u"), None), KIND, Some(0.0)));
    assert!(!quotas.set(entity(Some("u"), None), KIND, Some(f64::NAN)));
    assert!(quotas.set(ip, QuotaKind::ConnectionCreationRate, Some(2.0)));
    assert_eq!(quotas.iter().count(), 1);
    assert!(QuotaKind::ALL.iter().all(|kind| QuotaKind::of_name(kind.name()) == Some(*kind)));
}

#[test]
fn a_burst_is_held_back_until_the_rate_is_the_limit() {
    let mut rate = QuotaRate::default();
    rate.record(30_000.0, 0);
    // 30,000 over the least span of 10 s, against 1,000 a second: 20 s above.
    assert_eq!(rate.per_second(0), 3_000.0);
    assert_eq!(rate.throttle_ms(1_000.0, i64::MAX, 0), 20_000);
    assert_eq!(rate.throttle_ms(1_000.0, 1_000, 0), 1_000);
    assert_eq!(rate.throttle_ms(3_000.0, i64::MAX, 0), 0);
    assert_eq!(rate.per_second(11_000), 0.0, "it is forgotten");
}

#[test]
fn a_steady_client_has_its_rate() {
    let mut rate = QuotaRate::default();
    for step in 0..600 {
        rate.record(50.0, step * 50);
    }
    let measured = rate.per_second(600 * 50 - 50);
    assert!((measured - 1_000.0).abs() < 100.0, "{measured}");
}

#[test]
fn filters_take_what_they_name() {
    let mut quotas = Quotas::default();
    for (user, client_id) in [(Some("u"), Some("c")), (Some("u"), None), (Some("*"), None), (None, Some("c"))]
    {
        assert!(quotas.set(entity(user, client_id), KIND, Some(1.0)));
    }
    let found = |components: &[QuotaFilterComponent<'_>], strict| {
        let filter = QuotaFilter::new(components.iter().copied(), strict).expect("a filter");
        quotas.iter().filter(|(entity, _)| filter.matches(entity)).count()
    };
    assert_eq!(found(&[], false), 4);
    assert_eq!(found(&[], true), 0);
    assert_eq!(found(&[("user", 0, Some("u"))], false), 2);
    assert_eq!(found(&[("user", 0, Some("u"))], true), 1);
    assert_eq!(found(&[("user", 1, None)], false), 1);
    assert_eq!(found(&[("user", 2, None)], false), 3);
    assert_eq!(found(&[("user", 2, None), ("client-id", 0, Some("c"))], true), 1);
    assert_eq!(found(&[("ip", 2, None)], false), 0);
}

#[test]
fn filters_that_say_nothing_are_refused() {
    let refused = |components: &[QuotaFilterComponent<'_>]| {
        QuotaFilter::new(components.iter().copied(), false).expect_err("refused")
    };
    assert_eq!(refused(&[("", 0, Some("a"))]), QuotaFilterError::EmptyType);
    let twice = refused(&[("user", 2, None), ("user", 1, None)]);
    assert_eq!(twice.to_string(), "Entity type user cannot appear more than once in the filter.");
    let unknown = refused(&[("host", 2, None)]);
    assert_eq!(unknown.code(), strait_wire::error_code::ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(refused(&[("user", 0, None)]), QuotaFilterError::NoName);
    assert!(matches!(refused(&[("user", 1, Some("a"))]), QuotaFilterError::Name { .. }));
    assert!(matches!(refused(&[("user", 2, Some("a"))]), QuotaFilterError::Name { .. }));
    assert_eq!(refused(&[("user", 3, None)]), QuotaFilterError::UnknownMatch { match_type: 3 });
    assert_eq!(refused(&[("ip", 2, None), ("user", 2, None)]), QuotaFilterError::Combination);
}

fn alteration(entity: &[(&str, Option<&str>)], limits: &[(&str, Option<f64>)]) -> QuotaAlteration {
    QuotaAlteration {
        entity: entity.iter().map(|(kind, name)| ((*kind).to_owned(), name.map(str::to_owned))).collect(),
        limits: limits.iter().map(|(key, limit)| ((*key).to_owned(), *limit)).collect(),
    }
}

#[test]
fn changes_are_refused_in_kafkas_words() {
    let refused = |entity: &[(&str, Option<&str>)], key, limit| {
        let alteration = alteration(entity, &[(key, Some(limit))]);
        let (changes, outcomes) =
            Quotas::default().plan(std::slice::from_ref(&alteration), |name| name == "10.0.0.1");
        assert_eq!(changes, []);
        outcomes[&alteration.entity].clone().expect_err("refused").to_string()
    };
    let (user, bytes) = (("user", Some("u")), "producer_byte_rate");
    assert_eq!(refused(&[], bytes, 1.0), "Invalid empty client quota entity");
    assert_eq!(refused(&[("host", None)], bytes, 1.0), "Unhandled client quota entity type: host");
    assert_eq!(refused(&[("user", Some(""))], bytes, 1.0), "Empty user not supported");
    assert!(refused(&[user, ("ip", None)], bytes, 1.0).starts_with("Invalid quota entity combination"));
    assert_eq!(refused(&[("ip", Some("x"))], bytes, 1.0), "x is not a valid IP or resolvable host.");
    assert_eq!(
        refused(&[("ip", Some("10.0.0.1"))], bytes, 1.0),
        format!("Invalid configuration key {bytes}")
    );
    assert_eq!(refused(&[user], bytes, 0.0), format!("Quota {bytes} must be greater than 0"));
    assert_eq!(refused(&[user], bytes, 1.5), format!("{bytes} cannot be a fractional value."));
    assert_eq!(refused(&[user], bytes, 1e20), format!("Proposed value for {bytes} is too large for a LONG."));
    let connections = "connection_creation_rate";
    assert_eq!(
        refused(&[("ip", None)], connections, 3e9),
        format!("Proposed value for {connections} is too large for an INT.")
    );
}

#[test]
fn only_what_differs_is_changed_and_an_entity_comes_once() {
    let mut quotas = Quotas::default();
    quotas.set(entity(Some("u"), None), KIND, Some(5.0));
    let user = [("user", Some("u"))];
    let same =
        alteration(&user, &[("producer_byte_rate", Some(5.0)), ("consumer_byte_rate", None), ("x", None)]);
    let (changes, outcomes) = quotas.plan(&[same], |_| true);
    assert_eq!((changes, outcomes.into_values().collect::<Vec<_>>()), (vec![], vec![Ok(())]));
    let removed = alteration(&user, &[("producer_byte_rate", None), ("request_percentage", Some(0.5))]);
    let (changes, _) = quotas.plan(std::slice::from_ref(&removed), |_| true);
    let change = |kind, limit| QuotaChange { entity: entity(Some("u"), None), kind, limit };
    let expected = [change(KIND, None), change(QuotaKind::RequestPercentage, Some(0.5))];
    assert_eq!(changes, expected);
    let (_, outcomes) = quotas.plan(&[removed.clone(), removed], |_| true);
    let told = outcomes.into_values().next().expect("an outcome").expect_err("refused").to_string();
    assert_eq!(told, "Ignoring duplicate entity ClientQuotaEntity(entries={user=u})");
    let twice = alteration(&user, &[("a", None), ("a", None)]);
    let (changes, outcomes) = quotas.plan(&[twice], |_| true);
    assert!(changes.is_empty() && outcomes.into_values().all(|outcome| outcome.is_err()));
}
