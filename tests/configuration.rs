//! Wrong input ends with exit code 2 and a message that names the key, the value and what is allowed, before anything
//! is started.

use std::process::{Command, Output};

const GOOD: &str = r#"
[clusters.east]
bootstrap = ["127.0.0.1:9092"]
[clusters.west]
bootstrap = ["127.0.0.1:9192"]
[[flows]]
source = "east"
target = "west"
"#;

fn strait(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.args(arguments).envs(variables.iter().copied()).output().expect("the program runs")
}

/// Runs `strait config validate` on `text` in a file of this name; gives its exit code and what it said.
fn validate_as(name: &str, text: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, text).expect("written");
    let output = strait(&["config", "validate", file.to_str().expect("UTF-8")], variables);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[track_caller]
fn assert_said((code, said): (Option<i32>, String), expected: &[&str]) {
    assert_eq!(code, Some(2), "{said}");
    for part in expected {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
}

#[track_caller]
fn assert_refused(text: &str, expected: &[&str]) {
    assert_said(validate_as("strait.toml", text, &[]), expected);
}

#[track_caller]
fn assert_accepted(text: &str, variables: &[(&str, &str)]) {
    let (code, said) = validate_as("strait.toml", text, variables);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_good_file_is_accepted() {
    assert_accepted(GOOD, &[]);
    assert_accepted(include_str!("../docs/strait.toml"), &[]);
    let yaml =
        "clusters: {a: {bootstrap: ['a:1']}, b: {bootstrap: ['b:1']}}\nflows: [{source: a, target: b}]\n";
    assert_eq!(validate_as("strait.yaml", yaml, &[]).0, Some(0));
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_valid_one() {
    for (text, key, nearest) in [
        ("seperator = \"-\"\n", "flows[0].seperator", "separator"),
        ("memory_bytes = 1\n", "flows[0].memory_bytes", "limits.memory_bytes"),
        ("[limits]\nmemory = 1\n", "limits.memory", "memory_bytes"),
        ("[http]\nlisten_on = \"x\"\n", "http.listen_on", "listen"),
        (
            "[clusters.north]\nbootstrap = [\"a:1\"]\nclientid = \"x\"\n",
            "clusters.north.clientid",
            "client_id",
        ),
        ("[limit]\nmemory_bytes = 1\n", "limit", "limits"),
        ("[[flow]]\n", "flow", "flows"),
    ] {
        let meant = format!("did you mean `{nearest}`?");
        assert_refused(&format!("{GOOD}{text}"), &[&format!("  {key} = unknown key: allowed is "), &meant]);
    }
}

#[test]
fn everything_wrong_is_said_at_once() {
    let text = "seperator = 1\nreplication_factor = \"three\"\n[limits]\nmemory_bytes = true\n";
    assert_refused(
        &format!("{GOOD}{text}"),
        &["3 wrong", "flows[0].seperator", "flows[0].replication_factor", "limits.memory_bytes"],
    );
}

#[test]
fn a_wrong_type_is_named() {
    for (text, expected) in [
        (
            "replication_factor = \"three\"",
            "flows[0].replication_factor = \"three\": allowed is -1 (the target's",
        ),
        ("replication_factor = 40000", "flows[0].replication_factor = 40000: allowed is -1 (the target's"),
        ("topics = \"orders\"", "flows[0].topics = \"orders\": allowed is regular expressions"),
        ("topics = [1]", "flows[0].topics = [1]: allowed is regular expressions"),
        ("sync_topic_configs = \"yes\"", "flows[0].sync_topic_configs = \"yes\": allowed is true, false"),
        ("rate_limit_bytes = -1", "flows[0].rate_limit_bytes = -1: allowed is bytes a second"),
        ("rename = \"upper\"", "flows[0].rename = \"upper\": allowed is default, identity, template, regex"),
        (
            "isolation = \"none\"",
            "flows[0].isolation = \"none\": allowed is read_committed, read_uncommitted",
        ),
        ("start = \"yesterday\"", "flows[0].start = \"yesterday\": allowed is earliest, latest, or a time"),
        ("topic_starts = { a = 5 }", "flows[0].topic_starts = {\"a\":5}: allowed is regular expressions"),
    ] {
        assert_refused(&format!("{GOOD}{text}\n"), &[expected]);
    }
    assert_refused(
        "clusters = 5\nflows = 6\n",
        &["clusters = 5: allowed is a table", "flows = 6: allowed is a list"],
    );
}

#[test]
fn a_missing_key_is_named() {
    assert_refused("", &["clusters = missing", "flows = missing"]);
    assert_refused(&GOOD.replace("target = \"west\"", ""), &["flows[0].target = missing"]);
    let without_address = GOOD.replace("bootstrap = [\"127.0.0.1:9192\"]", "");
    assert_refused(&without_address, &["clusters.west.bootstrap = missing"]);
}

#[test]
fn an_impossible_pattern_is_named() {
    for key in ["topics", "topics_exclude", "topic_configs_exclude"] {
        let name = format!("flows[0].{key}[1] = orders(: allowed is a regular expression");
        assert_refused(&format!("{GOOD}{key} = ['a', 'orders(']\n"), &[&name]);
    }
    let text = "rename = \"regex\"\nrename_pattern = '*'\nrename_replacement = \"x\"\n";
    assert_refused(
        &format!("{GOOD}{text}"),
        &["flows[0].rename_pattern = *: allowed is a regular expression"],
    );
}

#[test]
fn an_unknown_cluster_is_named_with_the_known_ones() {
    assert_refused(
        &GOOD.replace("target = \"west\"", "target = \"north\""),
        &["flows[0].target = north: allowed is a cluster under [clusters]: east, west"],
    );
    assert_refused(
        &GOOD.replace("\"west\"", "\"east\""),
        &["flows[0].target = east: allowed is another cluster"],
    );
}

#[test]
fn a_value_out_of_range_is_named() {
    for (text, expected) in [
        ("[limits]\nrequests_in_flight = 6", "limits.requests_in_flight = 6: allowed is 1 to 5"),
        ("replication_factor = 0", "flows[0].replication_factor = 0: allowed is -1, or 1 and more"),
        ("refresh_interval_ms = 1", "flows[0].refresh_interval_ms = 1: allowed is 100 to 3600000"),
        ("separator = \"/\"", "flows[0].separator = /: allowed is letters, digits"),
        ("[clusters.\"a b\"]\nbootstrap = [\"a:1\"]", "clusters.a b = a b: allowed is letters, digits"),
        (
            "[clusters.c]\nbootstrap = [\"nowhere\"]",
            "clusters.c.bootstrap[0] = nowhere: allowed is host:port",
        ),
    ] {
        assert_refused(&format!("{GOOD}{text}\n"), &[expected]);
    }
}

#[test]
fn the_same_flow_twice_is_refused() {
    assert_refused(
        &format!("{GOOD}[[flows]]\nsource = \"east\"\ntarget = \"west\"\n"),
        &["flows[1]", "east--west"],
    );
}

#[test]
fn flows_that_feed_each_other_under_identity_are_accepted() {
    let back = "[[flows]]\nsource = \"west\"\ntarget = \"east\"\nrename = \"identity\"\n";
    assert_accepted(&format!("{GOOD}rename = \"identity\"\n{back}"), &[]);
    let pattern = "rename = \"regex\"\nrename_pattern = '(.*)'\nrename_replacement = '${1}'\n";
    assert_accepted(&format!("{GOOD}{pattern}{back}"), &[]);
}

#[test]
fn a_topic_must_not_be_copied_onto_itself() {
    let one_cluster = GOOD.replace("9192", "9092");
    let regex = "rename = \"regex\"\nrename_pattern = 'orders'\n";
    for (text, kept) in [
        ("rename = \"identity\"\n".to_owned(), "renames every topic"),
        ("rename = \"template\"\nrename_template = \"{topic}\"\n".to_owned(), "renames every topic"),
        (format!("{regex}rename_replacement = 'sales'\n"), "renames each topic of `.*`"),
        (format!("{regex}topics = ['orders']\nrename_replacement = 'orders'\n"), "renames `orders`"),
        (format!("{regex}topics = ['other']\nrename_replacement = 'sales'\n"), "renames `other`"),
    ] {
        assert_refused(&format!("{one_cluster}{text}"), &["flows[0].rename = ", kept, "are one cluster"]);
    }
    assert_accepted(&one_cluster, &[]);
    assert_accepted(&format!("{one_cluster}{regex}topics = ['orders']\nrename_replacement = 'sales'\n"), &[]);
}

#[test]
fn a_mode_of_delivery_is_one_of_three_and_knows_rings() {
    for mode in ["exactly_once", "transactions", "at_least_once"] {
        assert_accepted(&format!("{GOOD}delivery = \"{mode}\"\n"), &[]);
    }
    assert_refused(
        &format!("{GOOD}delivery = \"twice\"\n"),
        &["delivery", "exactly_once", "transactions", "at_least_once"],
    );
    assert_refused(&format!("{GOOD}delivry = \"transactions\"\n"), &["delivry", "delivery"]);
    assert_accepted(&format!("{GOOD}delivery = \"transactions\"\nrename = \"identity\"\n"), &[]);
    assert_refused(
        &format!("{GOOD}delivery = \"at_least_once\"\nrename = \"identity\"\n"),
        &["flows[0].delivery = at_least_once", "renames every topic"],
    );
}

#[test]
fn two_flows_must_not_write_to_one_topic() {
    let north = "[clusters.north]\nbootstrap = [\"127.0.0.1:9292\"]\n";
    let constant = "rename = \"regex\"\nrename_pattern = 'orders-.*'\nrename_replacement = \"orders\"\n";
    let second = "[[flows]]\nsource = \"north\"\ntarget = \"west\"\n";
    let writes_too = "flows[1].topics = orders: allowed is another remote name: flows[0] writes to it too";
    assert_refused(&format!("{GOOD}{constant}{second}{constant}{north}"), &[writes_too]);
    let same = "rename = \"identity\"\ntopics = ['orders', 'x.*']\n";
    assert_refused(&format!("{GOOD}{same}{second}{same}{north}"), &[writes_too]);
    assert_accepted(&format!("{GOOD}topics = ['orders']\n{second}topics = ['orders']\n{north}"), &[]);
}

#[test]
fn broken_syntax_is_named_with_its_line() {
    assert_refused(&format!("{GOOD}topics = [\n"), &["strait.toml", "line 9"]);
    assert_said(validate_as("strait.yaml", "clusters:\n  a: [\n", &[]), &["strait.yaml", "line 3"]);
}

#[test]
fn a_file_with_another_ending_is_named() {
    assert_said(validate_as("strait.ini", GOOD, &[]), &["strait.ini", "`ini`", "toml, yaml and yml"]);
    assert_said(validate_as("strait", GOOD, &[]), &["`none`", "toml, yaml and yml"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    for arguments in [["replicate", "--config", "nowhere.toml"], ["config", "validate", "nowhere.toml"]] {
        let output = strait(&arguments, &[]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.toml: can't be read"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    assert_eq!(strait(&["config", "validate", path], &[]).status.code(), Some(2));
}

#[test]
fn the_environment_wins_over_the_file() {
    let limited = format!("{GOOD}[limits]\nmemory_bytes = 1\n");
    assert_accepted(&limited, &[("STRAIT_LIMITS__MEMORY_BYTES", "8388608")]);
    for (variable, value, expected) in [
        (
            "STRAIT_LIMITS__MEMORY_BYTES",
            "lots",
            "STRAIT_LIMITS__MEMORY_BYTES (limits.memory_bytes) = \"lots\"",
        ),
        ("STRAIT_LIMITS__MEMORY_BYTES", "5", "STRAIT_LIMITS__MEMORY_BYTES (limits.memory_bytes) = 5"),
        ("STRAIT_LIMITS__MEMORY", "5", "STRAIT_LIMITS__MEMORY (limits.memory) = unknown key"),
        ("STRAIT_FLOWS__0__RENAME", "upper", "STRAIT_FLOWS__0__RENAME (flows[0].rename) = \"upper\""),
    ] {
        assert_said(validate_as("strait.toml", GOOD, &[(variable, value)]), &[expected, "allowed is"]);
    }
}

#[test]
fn references_are_resolved() {
    let text = format!("{GOOD}replication_factor = \"${{env:STRAIT_TEST_FACTOR}}\"\n");
    assert_accepted(&text, &[("STRAIT_TEST_FACTOR", "3")]);
    assert_refused(&text, &["flows[0].replication_factor", "`STRAIT_TEST_FACTOR` is not set"]);
}

#[test]
fn every_key_is_explained() {
    let all = strait(&["config", "explain"], &[]);
    let text = String::from_utf8_lossy(&all.stdout).into_owned();
    let keys: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert!(keys.len() > 30, "{text}");
    for key in keys {
        let output = strait(&["config", "explain", key], &[]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{key}");
        for part in [key, "type:", "default:", "allowed:", "example:"] {
            assert!(said.contains(part), "`{part}` is missing in: {said}");
        }
    }
}

#[test]
fn an_unknown_key_is_explained_by_the_nearest_ones() {
    let output = strait(&["config", "explain", "flows[].replication"], &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("`flows[].replication` is no key; nearest are flows[].replication_factor"),
        "{said}"
    );
    assert_eq!(strait(&["config", "explain", "replication_factor"], &[]).status.code(), Some(0));
}
