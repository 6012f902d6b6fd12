//! Kafka's tools as clients with credentials.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;
use strait_cluster_tests::tools::{self, Tool};

pub(super) const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";

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

    /// With its properties in a file.
    fn tool(&self, folder: &Path) -> Result<Tool> {
        let file = folder.join(format!("{}.properties", self.name));
        fs::write(&file, &self.properties)?;
        let mut arguments = vec!["--command-config".to_owned(), file.to_string_lossy().into_owned()];
        arguments.extend(self.arguments.iter().cloned());
        Ok(Tool { name: self.name.clone(), input: String::new(), class: self.class.to_owned(), arguments })
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
    let tools = steps.iter().map(|step| step.tool(folder)).collect::<Result<Vec<_>>>()?;
    let printed = tools::run(folder, &tools)?.into_iter();
    let said = printed.map(|printed| Said { is_success: printed.ending == "exit 0", output: printed.text });
    Ok(steps.iter().map(|step| step.name.clone()).zip(said).collect())
}

/// What a tool says of a refusal: the line that names it, without time and port.
pub(super) fn refusal(output: &str) -> String {
    let line = output.lines().find(|line| line.starts_with("Error while executing")).unwrap_or(output);
    line.to_owned()
}
