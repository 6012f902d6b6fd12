//! Kafka's tools as clients with credentials, all in one JVM.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use strait_cluster_tests::kafka::CURRENT;
use strait_cluster_tests::world::repository;

pub(super) const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";
/// Longest time of one tool.
const SECONDS: &str = "60";

/// A tool that comes with some properties.
pub(super) struct Step {
    name: String,
    properties: String,
    class: &'static str,
    arguments: Vec<String>,
}

impl Step {
    pub(super) fn new(
        name: String,
        class: &'static str,
        address: &str,
        properties: &str,
        arguments: &[&str],
    ) -> Self {
        let at = ["--bootstrap-server", address].into_iter();
        let arguments = at.chain(arguments.iter().copied()).map(str::to_owned).collect();
        Self { name, properties: properties.to_owned(), class, arguments }
    }

    /// As `Tools.java` reads it, once its properties are written.
    fn line(&self, folder: &Path) -> Result<String> {
        let file = folder.join(format!("{}.properties", self.name));
        fs::write(&file, &self.properties)?;
        let mut parts = vec![self.name.clone(), String::new(), self.class.to_owned()];
        parts.extend(["--command-config".to_owned(), file.to_string_lossy().into_owned()]);
        parts.extend(self.arguments.iter().cloned());
        Ok(parts.join("\t"))
    }
}

/// What a tool printed, with whether it ended well.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) is_success: bool,
    pub(super) output: String,
}

/// Runs one after the other; what each said is by its name.
pub(super) fn run(folder: &Path, steps: &[Step]) -> Result<BTreeMap<String, Said>> {
    fs::create_dir_all(folder)?;
    let lines = steps.iter().map(|step| step.line(folder)).collect::<Result<Vec<_>>>()?;
    let input = folder.join("steps");
    fs::write(&input, lines.join("\n"))?;
    let mut command = Command::new(repository().join("tests/peers/kafka"));
    command.arg("tools").arg(folder).arg(SECONDS).env("VERSION", CURRENT.version);
    let status = command.stdin(fs::File::open(input)?).stdout(Stdio::null()).status();
    ensure!(status.context("tests/peers/kafka")?.success(), "tools ended before their last step");
    steps.iter().map(|step| Ok((step.name.clone(), said(&folder.join(&step.name))?))).collect()
}

fn said(file: &Path) -> Result<Said> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let (ending, output) = text.split_once('\n').unwrap_or((&text, ""));
    Ok(Said { is_success: ending == "exit 0", output: output.to_owned() })
}

/// What a tool says of a refusal: the line that names it, without time and port.
pub(super) fn refusal(output: &str) -> String {
    let line = output.lines().find(|line| line.starts_with("Error while executing")).unwrap_or(output);
    line.to_owned()
}
