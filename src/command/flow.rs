//! `strait flow`: what a running replicator says of its flows.

use clap::{Subcommand, ValueEnum};
use comfy_table::Table;
use serde_json::{Value, json};

use crate::Failure;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Address of the replicator's HTTP server.
    #[arg(long, global = true, env = "STRAIT_ADDRESS", default_value = "http://127.0.0.1:8080")]
    address: String,
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Table,
    Json,
}

#[derive(Subcommand)]
enum Action {
    /// All flows.
    List,
    /// The partitions of a flow with their state.
    Describe { flow: String },
    /// What each partition has still to copy.
    Lag { flow: String },
    /// The flow's groups: what became of each at the target, and why.
    Groups { flow: String },
    /// Where a group stands on both sides.
    Group { flow: String, group: String },
    /// Where an offset of the source lies at the target.
    Translate { flow: String, topic: String, partition: i32, offset: i64 },
}

const FLOW_COLUMNS: [&str; 8] = [
    "id",
    "state",
    "partition_count",
    "records_per_second",
    "lag_records",
    "lag_seconds",
    "records_total",
    "last_error",
];
const PARTITION_COLUMNS: [&str; 6] = ["topic", "partition", "remote_topic", "state", "position", "detail"];
const GROUP_COLUMNS: [&str; 4] = ["id", "state", "reason", "is_memberless"];
const PLACE_COLUMNS: [&str; 6] =
    ["topic", "partition", "remote_topic", "source_offset", "target_offset", "translation"];
const LAG_COLUMNS: [&str; 6] = ["topic", "partition", "position", "source_end", "lag_records", "lag_seconds"];

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut question = None;
    let (path, rows, columns): (String, &str, &[&str]) = match &arguments.action {
        Action::List => ("/v1/flows".to_owned(), "flows", &FLOW_COLUMNS),
        Action::Describe { flow } => {
            (format!("/v1/flows/{flow}/partitions"), "partitions", &PARTITION_COLUMNS)
        }
        Action::Lag { flow } => (format!("/v1/flows/{flow}/partitions"), "partitions", &LAG_COLUMNS),
        Action::Groups { flow } => (format!("/v1/flows/{flow}/groups"), "groups", &GROUP_COLUMNS),
        Action::Group { flow, group } => {
            (format!("/v1/flows/{flow}/groups/{group}"), "partitions", &PLACE_COLUMNS)
        }
        Action::Translate { flow, topic, partition, offset } => {
            let place = json!({ "topic": topic, "partition": partition, "offset": offset });
            question = Some(json!({ "offsets": [place] }));
            (format!("/v1/flows/{flow}/offsets:translate"), "offsets", &PLACE_COLUMNS)
        }
    };
    let answer = ask(&arguments.address, &path, question).map_err(Failure::Failed)?;
    match arguments.output {
        Output::Json => println!("{answer:#}"),
        Output::Table => println!("{}", table(&answer[rows], columns)),
    }
    Ok(())
}

/// Reads a resource, or asks it something.
fn ask(address: &str, path: &str, question: Option<Value>) -> anyhow::Result<Value> {
    let url = format!("{}{path}", address.trim_end_matches('/'));
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let answered = match question {
        Some(question) => agent.post(&url).send_json(question),
        None => agent.get(&url).call(),
    };
    let mut response = answered.map_err(|error| anyhow::anyhow!("{url}: {error}"))?;
    let body: Value = response.body_mut().read_json()?;
    if response.status().is_success() {
        return Ok(body);
    }
    anyhow::bail!("{url}: {}", body["detail"].as_str().unwrap_or("no detail"))
}

fn table(rows: &Value, columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.set_header(columns.to_vec());
    for row in rows.as_array().into_iter().flatten() {
        table.add_row(columns.iter().map(|column| cell(&row[*column])));
    }
    table
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => format!("{:.1}", number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}
