//! What was printed of Kafka: for each step its name after `## `, then what is compared of it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use strait_cluster_tests::golden;
use strait_cluster_tests::kafka::CURRENT;

use super::steps::Step;

const STEP: &str = "## ";

fn file() -> PathBuf {
    golden::file(&format!("tools-{}.txt", CURRENT.version))
}

pub(super) fn write(told: &[(Step, Vec<String>)]) -> Result<()> {
    let mut text = String::new();
    for (step, lines) in told {
        writeln!(text, "{STEP}{}\n{}", step.name, lines.join("\n"))?;
    }
    Ok(fs::write(file(), text)?)
}

/// By the names of steps.
pub(super) fn read() -> Result<BTreeMap<String, Vec<String>>> {
    let text = fs::read_to_string(file()).with_context(|| file().display().to_string())?;
    let mut steps = BTreeMap::new();
    for step in text.split(STEP).skip(1) {
        let mut lines = step.lines().map(str::to_owned);
        steps.insert(lines.next().context("a step without a name")?, lines.collect());
    }
    Ok(steps)
}
