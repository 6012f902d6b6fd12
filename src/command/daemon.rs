//! What commands about a running replicator share: where it is, and how it is asked.

use serde_json::Value;

use super::kafka::{Output, print};
use crate::Failure;

#[derive(clap::Args)]
pub(super) struct DaemonArguments {
    /// Address of the replicator's HTTP server.
    #[arg(long, global = true, env = "STRAIT_ADDRESS", default_value = "http://127.0.0.1:8080")]
    address: String,
}

impl DaemonArguments {
    /// Reads a resource, or asks it something.
    pub(super) fn ask(&self, path: &str, question: Option<Value>) -> Result<Value, Failure> {
        ask(&self.address, path, question).map_err(Failure::Failed)
    }
}

fn ask(address: &str, path: &str, question: Option<Value>) -> anyhow::Result<Value> {
    let url = format!("{}{path}", address.trim_end_matches('/'));
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let answered = match question {
        Some(question) => agent.post(&url).send_json(question),
        None => agent.get(&url).call(),
    };
    let mut response = answered.map_err(|error| anyhow::anyhow!("{url}: {error}"))?;
    let text = response.body_mut().read_to_string()?;
    if response.status().is_success() {
        return Ok(serde_json::from_str(&text)?);
    }
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    anyhow::bail!("{url}: {}", problem["detail"].as_str().unwrap_or(text.trim()))
}

/// The rows of an answer in these columns; as JSON all of it.
pub(super) fn show(output: Output, answer: &Value, rows: &str, columns: &[&str]) -> Result<(), Failure> {
    if output == Output::Json {
        println!("{answer:#}");
        return Ok(());
    }
    let rows = answer[rows].as_array().into_iter().flatten();
    let rows = rows.map(|row| columns.iter().map(|column| row[*column].clone()).collect());
    print(output, columns, rows.collect())
}
