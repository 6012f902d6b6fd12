//! What of a tool's output is compared: all but ids, times, speeds, places and the width of columns.

use strait_cluster_tests::tools::Printed;

use super::steps::Step;

/// Steps all of whose numbers are times, speeds or offsets of the metadata log.
const NUMBERS_DIFFER: [&str; 4] = ["performance", "quorum-", "transactions-describe", "transactions-open"];
/// Numbers after these words are times, speeds, checksums over times, or offsets of the metadata log.
const LABELS: [&str; 4] = ["crc: ", "\"avg_throughput\":", "Epoch: ", "lastTimestamp: "];
/// Steps that print in the order of a set.
const UNORDERED: [&str; 4] = ["acl-", "config-topics", "group", "transactions-list"];
/// Of a consumer that was given partitions before it knew the name of their topic, and of a producer that takes long:
/// they come or not.
const SOMETIMES: [&str; 2] = [r#""partitions_assigned","partitions":[]"#, "ms max latency."];

/// Lines of the output, after one that says how the tool ended.
pub(super) fn told(step: &Step, printed: Printed, places: &[(&str, &str)]) -> Vec<String> {
    let begins = |names: &[&str]| names.iter().any(|name| step.name.starts_with(name));
    let hides_numbers = begins(&NUMBERS_DIFFER);
    let line = |line: &str| {
        let mut line = in_order_of_keys(line);
        // A place with all numbers hidden looks the same everywhere.
        for (place, name) in places.iter().filter(|_| !hides_numbers) {
            line = line.replace(place, name);
        }
        plain(&LABELS.iter().fold(line, |line, label| without_number(&line, label)), hides_numbers)
    };
    let mut lines: Vec<String> = printed.text.lines().filter(|line| !is_logged(line)).map(line).collect();
    lines.retain(|line| !line.is_empty() && !SOMETIMES.iter().any(|part| line.contains(part)));
    if begins(&UNORDERED) {
        lines.sort();
    }
    lines.insert(0, printed.ending);
    lines
}

/// Lines of a log and of stack traces.
fn is_logged(line: &str) -> bool {
    let is_level = |word: &str| word == "WARN" || word == "ERROR";
    let mut words = line.split_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    first == "at" || first.contains(':') && is_level(second)
}

/// A JSON object with its keys in order, since Java's reflection gives them in any; other lines as they are.
fn in_order_of_keys(line: &str) -> String {
    match serde_json::from_str(line) {
        Ok(serde_json::Value::Object(object)) => serde_json::Value::Object(object).to_string(),
        _ => line.to_owned(),
    }
}

/// A line without the number that follows a label.
fn without_number(line: &str, label: &str) -> String {
    let Some((before, after)) = line.split_once(label) else { return line.to_owned() };
    let rest =
        after.trim_start_matches(|character: char| character.is_ascii_digit() || "-.".contains(character));
    format!("{before}{label}N{rest}")
}

/// Words without ids and times, one space between them.
fn plain(line: &str, hides_numbers: bool) -> String {
    let mut plain = String::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let is_word = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
        if length == 0 {
            if !(first.is_whitespace() && plain.ends_with(' ')) {
                plain.push(if first.is_whitespace() { ' ' } else { first });
            }
            rest = &rest[first.len_utf8()..];
            continue;
        }
        plain.push_str(&word(&rest[..length], hides_numbers));
        rest = &rest[length..];
    }
    plain
}

fn word(word: &str, hides_numbers: bool) -> String {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    match word.len() {
        // A topic's or cluster's id.
        22 => "ID".to_owned(),
        13 if is_number => "TIME".to_owned(),
        10 if word.split('-').map(str::len).eq([4, 2, 2]) => "DATE".to_owned(),
        36.. => without_unique(word),
        _ if is_number && hides_numbers => "N".to_owned(),
        _ => word.to_owned(),
    }
}

/// A name that ends with a unique id, as those of members do, without it.
fn without_unique(word: &str) -> String {
    let (name, unique) = word.split_at(word.len() - 36);
    let is_unique = unique.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    if is_unique { format!("{name}UUID") } else { word.to_owned() }
}

#[test]
fn ids_times_and_the_width_of_columns_are_not_compared() {
    let line = "TopicId: 8X1aoBtizlBjpH780q2LSQ\t at 1795842103494  orders-0   7";
    assert_eq!(plain(line, false), "TopicId: ID at TIME orders-0 7");
    assert_eq!(plain("1 of 10.5 sent", true), "N of N.N sent");
    assert_eq!(plain("2026-11-28 10:15:30:123", true), "DATE N:N:N:N");
    assert_eq!(plain("a-0f8fad5b-d9cb-469f-a165-70867728950e /h", false), "a-UUID /h");
    assert_eq!(
        without_number("size: 72 crc: 3327577777 isvalid: true", "crc: "),
        "size: 72 crc: N isvalid: true"
    );
    assert_eq!(in_order_of_keys(r#"{"b":[{"d":1,"c":2}],"a":null}"#), r#"{"a":null,"b":[{"c":2,"d":1}]}"#);
    assert!(is_logged("05:00:56.979 ERROR TopicCommand x") && is_logged("\tat java.base/x"));
    assert!(!is_logged("a: 1") && !is_logged("Error: no ERROR"));
}
