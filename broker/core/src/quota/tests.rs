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
    assert_eq!((quotas.of_address("10.0.0.1"), quotas.of_address("10.0.0.2")), (Some(2.0), None));
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
