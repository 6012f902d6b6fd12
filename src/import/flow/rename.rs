//! Connect's `RegexRouter` as a rename rule. No other transformation can be used.

use super::super::settings::Reader;

const REGEX_ROUTER: &str = "org.apache.kafka.connect.transforms.RegexRouter";

/// A rename rule and the imported names of its parts.
pub(super) struct Rule {
    pub(super) pattern: String,
    pub(super) pattern_name: String,
    pub(super) replacement: String,
    pub(super) replacement_name: String,
}

/// The rule of `transforms`, when there is one and nothing but a rename.
pub(super) fn rule(reader: &mut Reader<'_>, is_identity: bool) -> Option<Rule> {
    let names = reader.list("transforms").unwrap_or_default();
    let name = match names.as_slice() {
        [] => return None,
        [name] => name,
        _ => return refused(reader, "transforms", "transformations can't be chained"),
    };
    let key = |end: &str| format!("transforms.{name}.{end}");
    if reader.text(&key("type")).as_deref() != Some(REGEX_ROUTER) {
        let wrong = if reader.raw(&key("type")).is_some() { key("type") } else { "transforms".to_owned() };
        return refused(
            reader,
            &wrong,
            &format!("records can't be transformed; only {REGEX_ROUTER} is understood"),
        );
    }
    if reader.raw(&key("predicate")).is_some() {
        return refused(reader, &key("predicate"), "predicates of Connect can't be used");
    }
    if !is_identity {
        let reason = "it renames what the default policy has named; write one rule with `rename = \"regex\"`";
        return refused(reader, "transforms", reason);
    }
    let (pattern_name, replacement_name) = (key("regex"), key("replacement"));
    let (Some(pattern), Some(java)) = (reader.text(&pattern_name), reader.text(&replacement_name)) else {
        return refused(reader, "transforms", "its regex and replacement must be given");
    };
    let replacement = replacement_of_java(&java, group_count(&pattern));
    Some(Rule { pattern, pattern_name, replacement, replacement_name })
}

fn refused(reader: &mut Reader<'_>, name: &str, reason: &str) -> Option<Rule> {
    reader.refuse(name, reason);
    None
}

/// Java's `$1` as `${1}`, `\x` as `x`. Java takes as many digits as make the number of a group.
fn replacement_of_java(java: &str, groups: usize) -> String {
    let mut out = String::new();
    let mut letters = java.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => out.push_str(&letters.next().map_or(String::new(), literal)),
            '$' if letters.peek().is_some_and(char::is_ascii_digit) => {
                let mut group = 0;
                let mut count = 0;
                while let Some(digit) = letters.peek().and_then(|digit| digit.to_digit(10)) {
                    let longer = group * 10 + digit as usize;
                    if count > 0 && longer > groups {
                        break;
                    }
                    group = longer;
                    count += 1;
                    letters.next();
                }
                out.push_str(&format!("${{{group}}}"));
            }
            '$' => out.push('$'),
            other => out.push_str(&literal(other)),
        }
    }
    out
}

fn literal(letter: char) -> String {
    if letter == '$' { "$$".to_owned() } else { letter.to_string() }
}

/// How many groups a pattern has that a number reaches.
fn group_count(pattern: &str) -> usize {
    let mut count = 0;
    let mut rest = pattern.chars().peekable();
    while let Some(letter) = rest.next() {
        if letter == '\\' {
            rest.next();
        } else if letter == '(' {
            let tail: String = rest.clone().take(3).collect();
            let is_named = tail.starts_with("?<") && !tail.starts_with("?<=") && !tail.starts_with("?<!");
            count += usize::from(!tail.starts_with('?') || is_named);
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_groups_get_braces() {
        for (java, groups, ours) in [
            ("$1-copy", 1, "${1}-copy"),
            ("$12", 1, "${1}2"),
            ("$12", 12, "${12}"),
            ("${name}.x", 1, "${name}.x"),
            (r"\$1\\", 1, r"$$1\"),
            ("plain", 0, "plain"),
        ] {
            assert_eq!(replacement_of_java(java, groups), ours);
        }
    }

    #[test]
    fn groups_are_counted() {
        assert_eq!(group_count(r"(a)(?:b)(?<c>d)(?=e)(?<!f)\(((g))"), 4);
    }
}
