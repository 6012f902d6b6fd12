//! The configuration file of a run. `STRAIT_SHARES` splits all flows into so many shares, by hand.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;

use crate::settings;

/// What to write into the configuration file.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Name and bootstrap address of each cluster.
    pub clusters: Vec<(String, String)>,
    /// The flows.
    pub flows: Vec<Flow>,
    /// Name of the instance; empty leaves it to Strait.
    pub instance: String,
    /// Group of workers; empty: none.
    pub worker_group: String,
    /// Lines of TOML in the table of limits.
    pub limits: String,
    /// As by default, without a data folder.
    pub has_no_folder: bool,
}

/// One flow of a plan.
#[derive(Clone, Debug)]
pub struct Flow {
    /// A cluster's name.
    pub source: String,
    /// A cluster's name.
    pub target: String,
    /// Full-match regular expressions.
    pub topics: Vec<String>,
    /// More lines of TOML in the flow's table.
    pub extra: String,
}

impl Plan {
    /// One flow of `topics` from `east` to `west`.
    pub fn one_flow(east: &str, west: &str, topics: &str) -> Self {
        let cluster = |name: &str, address: &str| (name.to_owned(), address.to_owned());
        Self {
            clusters: vec![cluster("east", east), cluster("west", west)],
            flows: vec![Flow {
                source: "east".to_owned(),
                target: "west".to_owned(),
                topics: vec![topics.to_owned()],
                extra: String::new(),
            }],
            ..Self::default()
        }
    }

    /// The same with more lines of TOML in each flow.
    pub fn with(mut self, extra: &str) -> Self {
        for flow in &mut self.flows {
            flow.extra = format!("{}{extra}\n", flow.extra);
        }
        self
    }

    pub(crate) fn to_toml(&self, data: &Path, port: u16) -> Result<String> {
        let mut text = String::new();
        if !self.has_no_folder {
            writeln!(text, "data_dir = {}", quoted(&data.to_string_lossy()))?;
        }
        writeln!(
            text,
            "instance = {}\nworker_group = {}\n[http]\nlisten = \"127.0.0.1:{port}\"\n[limits]\n{}",
            quoted(&self.instance),
            quoted(&self.worker_group),
            self.limits
        )?;
        for (name, address) in &self.clusters {
            writeln!(text, "[clusters.{}]\nbootstrap = [{}]", quoted(name), quoted(address))?;
        }
        for flow in &self.flows {
            let topics: Vec<_> = flow.topics.iter().map(|topic| quoted(topic)).collect();
            writeln!(
                text,
                "[[flows]]\nsource = {}\ntarget = {}",
                quoted(&flow.source),
                quoted(&flow.target)
            )?;
            writeln!(text, "topics = [{}]\nreplication_factor = 1\n{}", topics.join(", "), flow.extra)?;
            let shares = settings::number("STRAIT_SHARES", 0);
            if shares > 0 && !flow.extra.contains("shares =") {
                writeln!(text, "shares = {shares}")?;
            }
        }
        Ok(text)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
