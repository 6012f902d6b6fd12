//! Requests that change nothing that another would notice, and what of their answers is compared: names, errors, and
//! what the client is told it may do.

// About topics.
mod topics;
// About groups and transactions.
mod coordinated;
// About the cluster and settings.
mod cluster;
// About quotas, elections, features.
pub(super) mod administration;

use std::fmt::Debug;

use anyhow::Result;

use crate::wire::Wire;

/// Lines of an answer that are compared.
const TOLD: &[&str] = &[
    "error_code:",
    "partition_error_code:",
    "topic_config_error_code:",
    "topic_authorized_operations:",
    "cluster_authorized_operations:",
    "authorized_operations:",
    "name: Some",
    "user:",
    "is_internal:",
];

/// All of them, each with the answer.
pub(super) fn all(wire: &mut Wire) -> Result<Vec<String>> {
    let mut answers = topics::ask(wire)?;
    answers.extend(coordinated::ask(wire)?);
    answers.extend(cluster::ask(wire)?);
    answers.extend(administration::ask(wire)?);
    Ok(answers)
}

/// What is compared of an answer. Answers have no order among topics, so these are sorted.
fn told(question: &str, answer: &impl Debug) -> String {
    let text = format!("{answer:#?}");
    let lines = text.lines().map(str::trim);
    let mut told: Vec<&str> = Vec::new();
    let mut after_name = false;
    for line in lines {
        // `name: Some(` ends on the next line.
        if after_name || TOLD.iter().any(|start| line.starts_with(start)) {
            told.push(line);
        }
        after_name = line == "name: Some(";
    }
    format!("{question}: {}", told.join(" "))
}

/// The same where it has a list of topics or groups.
fn told_sorted(question: &str, mut answers: Vec<String>) -> String {
    answers.sort();
    format!("{question}: {}", answers.join(", "))
}
