//! Selection by table.

use proptest::prelude::*;

use super::*;

fn filter(include: &[&str], exclude: &[&str]) -> TopicFilter {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    TopicFilter::new(&owned(include), &owned(exclude)).expect("patterns")
}

fn flow(filter: TopicFilter, heartbeats: bool) -> FlowSelection {
    let policy = ReplicationPolicy::mirror_maker_default();
    FlowSelection { filter, policy, target_alias: "b".to_owned(), heartbeats }
}

#[test]
fn patterns_match_whole_names() {
    let table: [(&[&str], &[&str], &str, bool); 13] = [
        (&["orders"], &[], "orders", true),
        (&["orders"], &[], "my-orders", false),
        (&["orders"], &[], "orders-2", false),
        (&["a|b"], &[], "ab", false),
        (&["a|b"], &[], "b", true),
        (&["x", "orders.*"], &[], "orders-2", true),
        (&[".*"], &["orders"], "orders", false),
        (&[], &[], "orders", false),
        (&["(?!test-).*"], &[], "test-1", false),
        (&["(?!test-).*"], &[], "prod-1", true),
        (&[".*(?<!-dlq)"], &[], "orders-dlq", false),
        (&[r"\Qa.b\E.*"], &[], "a.b-1", true),
        (&[r"\Qa.b\E.*"], &[], "axb-1", false),
    ];
    for (include, exclude, topic, selected) in table {
        let selection = filter(include, exclude).selects(topic);
        assert_eq!(selection.is_selected(), selected, "{include:?} {exclude:?} {topic}: {selection:?}");
    }
}

#[test]
fn the_defaults_are_mirror_makers() {
    let filter = filter(&[".*"], &DEFAULT_EXCLUDES);
    for topic in ["__consumer_offsets", "a.internal", "a-internal", "a.replica", ".a"] {
        assert!(!filter.selects(topic).is_selected(), "{topic}");
    }
    for topic in ["a", "a.heartbeats", "replica", "_schemas", "a-replica"] {
        assert!(filter.selects(topic).is_selected(), "{topic}");
    }
}

#[test]
fn reasons_are_said() {
    let filter = filter(&["orders.*"], &["orders-tmp.*"]);
    let reason = |topic| match filter.selects(topic) {
        Selection::Selected => String::new(),
        Selection::Excluded(reason) => reason.to_string(),
    };
    assert_eq!(reason("orders"), "");
    assert_eq!(reason("orders-tmp-1"), "excluded by `orders-tmp.*`");
    assert_eq!(reason("bills"), "no pattern includes it");
    assert_eq!(reason("orders.internal"), "an internal topic");
}

#[test]
fn a_flow_adds_heartbeats_and_cycles() {
    let heartbeats = flow(filter(&["orders"], &[]), true);
    let none = flow(filter(&["orders|.*heartbeats", "b\\..*"], &[]), false);
    assert!(heartbeats.selects("heartbeats").is_selected());
    assert!(heartbeats.selects("c.heartbeats").is_selected());
    assert!(!heartbeats.selects("b.heartbeats").is_selected());
    assert!(none.selects("heartbeats").is_selected());
    let cycle = Selection::Excluded(ExclusionReason::Cycle { target_alias: "b".to_owned() });
    assert_eq!(none.selects("b.orders"), cycle);
}

#[test]
fn broken_patterns_are_named() {
    for pattern in ["(", "a)|(b", "[", "*"] {
        let error = TopicFilter::new(&["ok".to_owned(), pattern.to_owned()], &[]).expect_err(pattern);
        assert_eq!(error.pattern, pattern);
    }
}

#[test]
fn a_pattern_that_never_ends_excludes_with_a_reason() {
    let filter = filter(&[r"(?=(a+)+\1b)(a+)+b"], &[]);
    let selection = filter.selects(&"a".repeat(249));
    assert!(!selection.is_selected());
}

proptest! {
    #[test]
    fn quoted_text_matches_itself(text in "[ -Z^-~]{1,30}") {
        let regex = full_match(&format!("\\Q{text}\\E")).expect("quoted");
        prop_assert!(regex.is_match(&text).expect("decided"));
    }

    #[test]
    fn any_pattern_is_read_or_refused(pattern in ".{0,30}", topic in "[a-z._-]{1,30}") {
        if let Ok(filter) = TopicFilter::new(&[pattern], &[]) {
            let _ = filter.selects(&topic);
        }
    }
}
