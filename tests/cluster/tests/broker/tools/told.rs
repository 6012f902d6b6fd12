//! What of a tool's output is compared.

use super::steps::Step;

/// Steps whose numbers are ids, times or speeds.
const NUMBERS_DIFFER: [&str; 7] =
    ["performance", "log-dirs", "quorum-", "transactions-", "verifiable-producer", "features", "dump-"];

/// Lines of the output without ids, times and places, sorted: much is printed in the order of a set.
pub(super) fn told(step: &Step, text: &str, places: &[(&str, &str)]) -> Vec<String> {
    let mut text = text.to_owned();
    for (place, name) in places {
        text = text.replace(place, name);
    }
    let hides_numbers = NUMBERS_DIFFER.iter().any(|name| step.name.starts_with(name));
    let (ending, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let lines = rest.lines().filter(|line| !is_logged(line)).map(|line| plain(line, hides_numbers));
    let mut lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    lines.sort();
    lines.insert(0, ending.to_owned());
    lines
}

/// Lines of a log and of stack traces.
fn is_logged(line: &str) -> bool {
    let mut digits = line.split(':').take(3);
    let is_time = digits.all(|part| part.bytes().next().is_some_and(|byte| byte.is_ascii_digit()));
    (is_time && line.contains(" WARN ") || line.contains(" ERROR ")) || line.trim_start().starts_with("at ")
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
        _ if is_number && hides_numbers => "N".to_owned(),
        _ => word.to_owned(),
    }
}

#[test]
fn ids_times_and_the_width_of_columns_are_not_compared() {
    let line = "TopicId: 8X1aoBtizlBjpH780q2LSQ\t at 1795842103494  orders-0   7";
    assert_eq!(plain(line, false), "TopicId: ID at TIME orders-0 7");
    assert_eq!(plain("1 of 10.5 sent", true), "N of N.N sent");
    assert!(
        is_logged("05:00:56.979 ERROR TopicCommand x") && is_logged("\tat java.base/x") && !is_logged("a: 1")
    );
}
