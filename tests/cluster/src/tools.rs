//! Kafka's tools, one after the other in one JVM, through `tests/peers/kafka`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::kafka::CURRENT;
use crate::settings;
use crate::world::repository;

/// A tool of Kafka 4.3.1 with what it is told.
#[derive(Debug)]
pub struct Tool {
    /// Of the file for what it prints.
    pub name: String,
    /// What it reads; `\n` and `\t` stand for what they say.
    pub input: String,
    /// Its main class.
    pub class: String,
    pub arguments: Vec<String>,
}

/// What a tool printed, and how it ended.
#[derive(Debug)]
pub struct Printed {
    /// Such as `exit 0`.
    pub ending: String,
    pub text: String,
}

/// Runs all of them in their order; gives what each printed. Files are left in `folder`. `STRAIT_TOOL_SECONDS` (60) is the
/// longest time of one.
pub fn run(folder: &Path, tools: &[Tool]) -> Result<Vec<Printed>> {
    fs::create_dir_all(folder)?;
    let input = folder.join("steps");
    fs::write(&input, tools.iter().map(line).collect::<Vec<_>>().join("\n"))?;
    let seconds = settings::number("STRAIT_TOOL_SECONDS", 60).to_string();
    let mut command = Command::new(repository().join("tests/peers/kafka"));
    command.arg("tools").arg(folder).arg(seconds).env("VERSION", CURRENT.version);
    let status = command.stdin(fs::File::open(input)?).stdout(Stdio::null()).status();
    ensure!(status.context("tests/peers/kafka")?.success(), "tools ended before their last step");
    tools.iter().map(|tool| printed(&folder.join(&tool.name))).collect()
}

/// As `Tools.java` reads it.
fn line(tool: &Tool) -> String {
    let parts = [&tool.name, &tool.input, &tool.class].into_iter().chain(&tool.arguments);
    parts.map(String::as_str).collect::<Vec<_>>().join("\t")
}

fn printed(file: &Path) -> Result<Printed> {
    let all = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let (ending, text) = all.split_once('\n').unwrap_or((&all, ""));
    Ok(Printed { ending: ending.to_owned(), text: text.to_owned() })
}
