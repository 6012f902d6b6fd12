//! Keys of a flow: its ends, its topics, their names and settings.

use super::{Key, Kind};

const PATTERNS: &str = "regular expressions that match whole names; look-around is understood";

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "flows[].source",
        Kind::Text,
        None,
        "an alias under [clusters]",
        "source = \"east\"",
        "The cluster to read from.",
    )
    .required(),
    Key::new(
        "flows[].target",
        Kind::Text,
        None,
        "another alias than source",
        "target = \"west\"",
        "The cluster to write to.",
    )
    .required(),
    Key::new(
        "flows[].shares",
        Kind::Number,
        Some("0"),
        "0 to 1000; 0: 12 with `worker_group`, 1 without",
        "shares = 24",
        "Into how many shares the flow is split by partition; each is run on its own, by one of the workers of the group, \
         and has its part of `rate_limit_bytes`. All workers must say the same: who says otherwise waits.",
    ),
    Key::new(
        "flows[].paused",
        Kind::Boolean,
        Some("false"),
        "true, false",
        "paused = true",
        "Nothing is read or written; the flow shows `paused` and goes on where it was, once started without this.",
    ),
    Key::new(
        "flows[].topics",
        Kind::TextList,
        Some("['.*']"),
        PATTERNS,
        "topics = ['orders.*', 'payments']",
        "Which topics are copied.",
    ),
    Key::new(
        "flows[].topics_exclude",
        Kind::TextList,
        Some(r"['.*[\-.]internal', '.*\.replica', '__.*']"),
        PATTERNS,
        r"topics_exclude = ['.*\.tmp']",
        "Which topics are left out; wins over `topics`.",
    ),
    Key::new(
        "flows[].rename",
        Kind::Choice,
        Some("'default'"),
        "default, identity, template, regex",
        "rename = \"identity\"",
        "The remote name: `default` puts source and separator before it, `identity` keeps it, `template` and `regex` \
         follow keys of these names.",
    ),
    Key::new(
        "flows[].separator",
        Kind::Text,
        Some("'.'"),
        "letters, digits, `.`, `_` and `-`",
        "separator = \"-\"",
        "Between source and topic in the default remote name.",
    ),
    Key::new(
        "flows[].rename_template",
        Kind::Text,
        Some("''"),
        "text with {topic} once and {source} at most once",
        "rename_template = \"{source}-{topic}\"",
        "The remote name for `rename = \"template\"`.",
    ),
    Key::new(
        "flows[].rename_pattern",
        Kind::Text,
        Some("''"),
        "a regular expression",
        "rename_pattern = '(.*)-v1'",
        "For `rename = \"regex\"`: names that it matches as a whole are replaced, others stay.",
    ),
    Key::new(
        "flows[].rename_replacement",
        Kind::Text,
        Some("''"),
        "a name, with groups as ${1}",
        "rename_replacement = '${1}-v2'",
        "The remote name for `rename = \"regex\"`.",
    ),
    Key::new(
        "flows[].replication_factor",
        Kind::Integer,
        Some("-1"),
        "-1 (the target's default), or 1 and more",
        "replication_factor = 3",
        "Replicas of topics created at the target.",
    ),
    Key::new(
        "flows[].sync_topic_configs",
        Kind::Boolean,
        Some("true"),
        "true, false",
        "sync_topic_configs = false",
        "Settings of source topics are set at their remote topics and kept the same.",
    ),
    Key::new(
        "flows[].topic_configs_exclude",
        Kind::TextList,
        Some(
            "['follower\\.replication\\.throttled\\.replicas', 'leader\\.replication\\.throttled\\.replicas', \
             'message\\.timestamp\\.difference\\.max\\.ms', 'message\\.timestamp\\.type', \
             'unclean\\.leader\\.election\\.enable', 'min\\.insync\\.replicas']",
        ),
        PATTERNS,
        r"topic_configs_exclude = ['retention\..*']",
        "Settings that stay as they are at the target.",
    ),
    Key::new(
        "flows[].topic_defaults_from",
        Kind::Choice,
        Some("'target'"),
        "target, source",
        "topic_defaults_from = \"source\"",
        "Whose default counts where a source topic does not set a value.",
    ),
    Key::new(
        "flows[].sync_topic_acls",
        Kind::Boolean,
        Some("true"),
        "true, false",
        "sync_topic_acls = false",
        "Rules of access about source topics are made for their remote topics, but for leave to write, and removed when \
         the source has them no longer.",
    ),
    Key::new(
        "flows[].acl_interval_ms",
        Kind::Number,
        Some("10000"),
        "100 to 3600000",
        "acl_interval_ms = 600000",
        "How often rules of access of both clusters are compared.",
    ),
    Key::new(
        "flows[].sync_client_quotas",
        Kind::Boolean,
        Some("false"),
        "true, false",
        "sync_client_quotas = true",
        "Quotas of users and client ids are set at the target as they are at the source, and removed when the source has \
         them no longer.",
    ),
    Key::new(
        "flows[].sync_scram_users",
        Kind::Boolean,
        Some("false"),
        "true, false",
        "sync_scram_users = true",
        "Users of SCRAM are compared; those of `scram_passwords` are made at the target, and removed when the source has \
         them no longer.",
    ),
    Key::new(
        "flows[].scram_passwords",
        Kind::Secrets,
        Some("{}"),
        "names of users, each with the secret itself or `${env:NAME}`",
        "scram_passwords = { alice = \"${env:ALICE_PASSWORD}\" }",
        "Passwords for `sync_scram_users`, as brokers never tell them.",
    ),
    Key::new(
        "flows[].principal_interval_ms",
        Kind::Number,
        Some("10000"),
        "100 to 3600000",
        "principal_interval_ms = 60000",
        "How often quotas and users of both clusters are compared.",
    ),
];
