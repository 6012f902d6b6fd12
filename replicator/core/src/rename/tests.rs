//! Policies by table; the first two against MirrorMaker 2's own tests.

use proptest::prelude::*;

use super::*;
use crate::selection::full_match;

fn default_policy(separator: &str) -> ReplicationPolicy {
    ReplicationPolicy::Default { separator: separator.to_owned() }
}

fn identity() -> ReplicationPolicy {
    ReplicationPolicy::Identity { source_alias: "a".to_owned(), separator: ".".to_owned() }
}

fn template(text: &str) -> ReplicationPolicy {
    let template = TopicTemplate::parse_template(text).expect("a template");
    ReplicationPolicy::Template { template, source_alias: "a".to_owned() }
}

#[test]
fn default_takes_names_apart_as_java_split_does() {
    let table = [
        (".", "topic", None, None, "topic"),
        (".", "a.topic", Some("a"), Some("topic"), "topic"),
        (".", "b.a.topic", Some("b"), Some("a.topic"), "topic"),
        (".", ".x", Some(""), Some("x"), "x"),
        (".", "a.", None, None, "a."),
        (".", "a..", None, None, "a.."),
        (".", ".", None, None, "."),
        (".", "a..b", Some("a"), Some(".b"), "b"),
        ("__", "a__topic", Some("a"), Some("topic"), "topic"),
        ("__", "a.topic", None, None, "a.topic"),
        ("", "ab", Some("a"), Some("b"), "b"),
        ("", "a", None, None, "a"),
    ];
    for (separator, topic, source, upstream, original) in table {
        let policy = default_policy(separator);
        assert_eq!(policy.topic_source(topic), source, "source of {topic}");
        assert_eq!(policy.upstream_topic(topic), upstream, "upstream of {topic}");
        assert_eq!(policy.original_topic(topic), original, "original of {topic}");
    }
    assert_eq!(default_policy("__").remote_topic("a", "topic"), "a__topic");
}

#[test]
fn identity_keeps_names_but_for_heartbeats() {
    let policy = identity();
    assert_eq!(policy.remote_topic("a", "orders"), "orders");
    assert_eq!(policy.topic_source("orders"), Some("a"));
    assert_eq!(policy.upstream_topic("orders"), Some("orders"));
    assert_eq!(policy.original_topic("orders"), "orders");
    assert_eq!(policy.remote_topic("a", "my-heartbeats"), "a.my-heartbeats");
    assert_eq!(policy.topic_source("heartbeats"), None);
    assert_eq!(policy.topic_source("b.heartbeats"), Some("b"));
    assert_eq!(policy.upstream_topic("b.heartbeats"), Some("heartbeats"));
    assert!(policy.is_heartbeats_topic("c.b.heartbeats"));
    assert!(!policy.is_cycle("orders", "b"));
    assert!(policy.is_cycle("orders", "a"));
}

#[test]
fn cycles_are_seen_at_every_hop() {
    let policy = default_policy(".");
    let table = [
        ("orders", false),
        ("b.orders", true),
        ("c.orders", false),
        ("c.b.orders", true),
        ("c.d.b.orders", true),
        ("orders.b", false),
        ("bb.orders", false),
    ];
    for (topic, cycle) in table {
        assert_eq!(policy.is_cycle(topic, "b"), cycle, "{topic}");
    }
}

/// Names of `MirrorSourceConnectorTest.testNoCycles` and `testIdentityReplication`.
#[test]
fn cycles_are_those_of_mirror_maker_2() {
    let cyclic = [
        "target.topic1",
        "target.source.topic1",
        "source.target.topic1",
        "target.source.target.topic1",
        "source.target.source.topic1",
    ];
    let kept = ReplicationPolicy::Identity { source_alias: "source".to_owned(), separator: ".".to_owned() };
    for topic in cyclic {
        assert!(default_policy(".").is_cycle(topic, "target"), "{topic}");
        assert!(!kept.is_cycle(topic, "target"), "{topic}");
    }
    for topic in ["topic1", "source.topic1"] {
        assert!(!default_policy(".").is_cycle(topic, "target"), "{topic}");
        assert!(!kept.is_cycle(topic, "target"), "{topic}");
    }
    for topic in ["target.heartbeats", "target.source.heartbeats", "source.target.heartbeats"] {
        assert!(kept.is_cycle(topic, "target"), "{topic}");
    }
    assert!(!kept.is_cycle("heartbeats", "target"));
}

/// Names of `MirrorClientTest`.
#[test]
fn heartbeats_and_checkpoints_are_told_as_by_mirror_client() {
    let policy = default_policy(".");
    for topic in ["heartbeats", "source1.heartbeats", "source2.source1.heartbeats"] {
        assert!(policy.is_heartbeats_topic(topic), "{topic}");
    }
    for topic in ["heartbeats!", "!heartbeats", "source1heartbeats", "source1-heartbeats"] {
        assert!(!policy.is_heartbeats_topic(topic), "{topic}");
    }
    assert!(policy.is_checkpoints_topic("source1.checkpoints.internal"));
    for topic in [
        "checkpoints.internal",
        "checkpoints-internal",
        "checkpoints.internal!",
        "!checkpoints.internal",
        "source1checkpointsinternal",
    ] {
        assert!(!policy.is_checkpoints_topic(topic), "{topic}");
    }
}

#[test]
fn internal_topics_follow_the_separator() {
    let table = [
        ("_", "__consumer_offsets", true),
        ("_", ".hidden", true),
        ("_", "billing-internal", true),
        ("_", "mm2-offset-syncs.b.internal", true),
        ("_", "mm2-offset-syncs_b_internal", true),
        (".", "mm2-offset-syncs_b_internal", false),
        (".", "internal", false),
        (".", "_orders", false),
        (".", "a.heartbeats", false),
    ];
    for (separator, topic, internal) in table {
        assert_eq!(default_policy(separator).is_internal_topic(topic), internal, "{topic}");
    }
    assert!(default_policy("_").is_checkpoints_topic("a_checkpoints_internal"));
    assert!(!default_policy(".").is_checkpoints_topic("a_checkpoints_internal"));
}

#[test]
fn templates_go_both_ways() {
    let table = [
        ("{source}.{topic}", "a.orders", Some("a"), Some("orders")),
        ("{topic}.from.{source}", "orders.from.a", Some("a"), Some("orders")),
        ("{topic}-copy", "orders-copy", Some("a"), Some("orders")),
        ("dr.{topic}", "dr.orders", Some("a"), Some("orders")),
    ];
    for (text, remote, source, upstream) in table {
        let policy = template(text);
        assert_eq!(policy.remote_topic("a", "orders"), remote);
        assert_eq!(policy.topic_source(remote), source);
        assert_eq!(policy.upstream_topic(remote), upstream);
        assert_eq!(policy.topic_source("orders"), None);
        assert!(!policy.is_cycle("orders", "a"));
        assert!(policy.is_cycle(remote, "a"));
    }
    assert_eq!(template("dr.{topic}").original_topic("dr.dr.orders"), "orders");
}

#[test]
fn texts_that_are_no_template_are_named() {
    let table = [
        ("copy", "template `copy` needs {topic} once, has it 0 times"),
        ("{topic}{topic}", "template `{topic}{topic}` needs {topic} once, has it 2 times"),
        (
            "{source}{source}-{topic}",
            "template `{source}{source}-{topic}` may have {source} once, has it 2 times",
        ),
        ("{source}{topic}", "template `{source}{topic}` needs a text between {source} and {topic}"),
        ("{alias}.{topic}", "template `{alias}.{topic}` has `{`, which no topic name may have"),
    ];
    for (text, message) in table {
        assert_eq!(TopicTemplate::parse_template(text).expect_err(text).to_string(), message);
    }
}

#[test]
fn regex_rewrites_full_matches_only() {
    let pattern = Box::new(full_match("eu-(.*)").expect("a pattern"));
    let policy = ReplicationPolicy::Regex { pattern, replacement: "us-$1".to_owned() };
    assert_eq!(policy.remote_topic("a", "eu-orders"), "us-orders");
    assert_eq!(policy.remote_topic("a", "my-eu-orders"), "my-eu-orders");
    assert_eq!(policy.topic_source("us-orders"), None);
    assert_eq!(policy.original_topic("us-orders"), "us-orders");
}

proptest! {
    #[test]
    fn a_remote_name_leads_back(alias in "[a-z]{1,8}", topic in "[a-z.]{0,12}[a-z]") {
        let policy = default_policy(".");
        let remote = policy.remote_topic(&alias, &topic);
        prop_assert_eq!(policy.topic_source(&remote), Some(alias.as_str()));
        prop_assert_eq!(policy.upstream_topic(&remote), Some(topic.as_str()));
        prop_assert!(policy.is_cycle(&remote, &alias));
    }

    #[test]
    fn any_name_has_an_original(name in ".{0,40}", separator in ".{0,3}") {
        let policy = default_policy(&separator);
        let original = policy.original_topic(&name);
        prop_assert!(name.ends_with(original));
        prop_assert_eq!(policy.original_topic(original), original);
    }
}
