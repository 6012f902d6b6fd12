//! Names of topics (`org.apache.kafka.common.internals.Topic`).

use super::ChangeError;
use crate::topics::Topics;

const LONGEST: usize = 249;

/// Whether a topic may have this name.
pub(super) fn check(name: &str) -> Result<(), ChangeError> {
    let is_legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    let reason = if name.is_empty() {
        "the empty string is not allowed".to_owned()
    } else if name == "." || name == ".." {
        "'.' or '..' is not allowed".to_owned()
    } else if name.len() > LONGEST {
        format!("the length of '{name}' is longer than the max allowed length {LONGEST}")
    } else if !name.chars().all(is_legal) {
        format!("'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'")
    } else {
        return Ok(());
    };
    Err(ChangeError::InvalidTopicName { reason })
}

/// Names that differ only in `.` and `_` would have the same metrics, so Kafka refuses the second.
pub(super) fn check_collision(name: &str, topics: &Topics) -> Result<(), ChangeError> {
    if !name.contains(['.', '_']) {
        return Ok(());
    }
    let unified = name.replace('.', "_");
    match topics.all().iter().find(|topic| topic.name != name && topic.name.replace('.', "_") == unified) {
        None => Ok(()),
        Some(other) => {
            Err(ChangeError::CollidingTopicName { name: name.to_owned(), other: other.name.clone() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_kafka() {
        for name in ["a", "orders.v1", "a-b_c", "__x", &"x".repeat(LONGEST)] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "a b", "ä", "a/b", &"x".repeat(LONGEST + 1)] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
