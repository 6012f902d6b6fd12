//! `strait migrate mm2`: what taking over from MirrorMaker 2 would do.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use strait_replicator::configuration::Configuration;
use strait_replicator::take_over::{TakeOverRow, plan};

use super::kafka::{Output, print, run_async};
use crate::import::{self, Purpose};
use crate::{Failure, load};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Where each partition would go on, by MirrorMaker 2's properties file (`strait replicate --mm2 FILE` then does it),
    /// by Connect's JSON, by Strimzi's YAML, or by a configuration in TOML.
    Mm2 {
        file: PathBuf,
        /// Only flows whose target is one of these aliases.
        #[arg(long, value_name = "ALIAS", value_delimiter = ',', num_args = 1..)]
        clusters: Vec<String>,
        /// Only say what would be done; nothing else can be asked for here.
        #[arg(long, required = true)]
        dry_run: bool,
    },
}

const COLUMNS: [&str; 11] = [
    "flow",
    "topic",
    "partition",
    "remote_topic",
    "positions_topic",
    "connector",
    "last_copied",
    "source_offset",
    "source_end",
    "target_offset",
    "said",
];

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Action::Mm2 { file, clusters, dry_run: _ } = &arguments.action;
    let configuration = configuration(file, clusters)?;
    let is_near = |target: &String| clusters.is_empty() || clusters.contains(target);
    run_async(async {
        let mut rows = Vec::new();
        for flow in configuration.flows.iter().filter(|flow| is_near(&flow.target)) {
            let ends = (configuration.clusters.get(&flow.source), configuration.clusters.get(&flow.target));
            let (Some(source), Some(target)) = ends else { continue };
            let planned = plan(flow, source, target).await;
            rows.extend(planned.map_err(|error| Failure::Failed(error.into()))?.iter().map(cells));
        }
        print(arguments.output, &COLUMNS, rows)
    })
}

fn configuration(file: &Path, clusters: &[String]) -> Result<Configuration, Failure> {
    let imported = match file.extension().and_then(|ending| ending.to_str()) {
        Some("toml") => return load::configuration(file),
        Some("json" | "yaml" | "yml") => import::any(file, Purpose::Run)?,
        _ => import::mirror_maker(file, clusters, Purpose::Run)?,
    };
    imported.warn(file);
    let translated = imported.translated;
    load::checked(file, translated.configuration.clone(), |key| translated.name_of(key))
}

fn cells(row: &TakeOverRow) -> Vec<serde_json::Value> {
    let row = json!(row);
    COLUMNS.iter().map(|column| row[*column].clone()).collect()
}
