//! Wrong input ends with exit code 2 and a message that names the key, before anything is started.

use std::process::Command;

const GOOD: &str = r#"
[clusters.east]
bootstrap = ["127.0.0.1:9092"]
[clusters.west]
bootstrap = ["127.0.0.1:9192"]
[[flows]]
source = "east"
target = "west"
"#;

/// Runs `strait config validate` on `text`; gives its exit code and what it said.
fn validate(text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("strait.toml");
    std::fs::write(&file, text).expect("written");
    let output = Command::new(env!("CARGO_BIN_EXE_strait")).args(["config", "validate"]).arg(&file).output();
    let output = output.expect("the program runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn assert_refused(text: &str, expected: &[&str]) {
    let (code, said) = validate(text);
    assert_eq!(code, Some(2), "{said}");
    for part in expected {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
}

#[test]
fn a_good_file_is_accepted() {
    let (code, said) = validate(GOOD);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn the_template_is_accepted() {
    let (code, said) = validate(include_str!("../docs/strait.toml"));
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_valid_one() {
    assert_refused(&format!("{GOOD}seperator = \"-\"\n"), &["seperator", "did you mean `separator`?"]);
}

#[test]
fn a_wrong_type_is_named() {
    assert_refused(&format!("{GOOD}replication_factor = \"three\"\n"), &["replication_factor", "three"]);
}

#[test]
fn an_impossible_pattern_is_named() {
    assert_refused(&format!("{GOOD}topics = [\"orders(\"]\n"), &["flows[0].topics[0]", "orders("]);
}

#[test]
fn an_unknown_cluster_is_named_with_the_known_ones() {
    assert_refused(
        &GOOD.replace("target = \"west\"", "target = \"north\""),
        &["flows[0].target", "north", "east, west"],
    );
}

#[test]
fn a_value_out_of_range_is_named() {
    assert_refused(
        &format!("{GOOD}[limits]\nrequests_in_flight = 6\n"),
        &["limits.requests_in_flight", "6", "1 to 5"],
    );
}

#[test]
fn the_same_flow_twice_is_refused() {
    assert_refused(
        &format!("{GOOD}[[flows]]\nsource = \"east\"\ntarget = \"west\"\n"),
        &["flows[1]", "east--west"],
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_strait"))
        .args(["replicate", "--config", "nowhere.toml"])
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.toml"));
}
