//! `strait config`: check a file before it is used, or print one to start from.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::import::{self, Purpose};
use crate::keys::{self, Key};
use crate::{Failure, load};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Print a commented configuration.
    Template,
    /// Say what is wrong with a file; exits 2 if anything is.
    Validate { file: PathBuf },
    /// Make a configuration from MirrorMaker 2's properties file, Connect's JSON or Strimzi's YAML.
    Import {
        file: PathBuf,
        /// File to write, which must not be there yet; standard output without it.
        #[arg(long)]
        output: Option<PathBuf>,
    },
    /// Say what a key does, its type, default and allowed values; without a key, all of them as Markdown.
    Explain { key: Option<String> },
}

const TEMPLATE: &str = include_str!("../../docs/strait.toml");

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.action {
        Action::Template => print!("{TEMPLATE}"),
        Action::Validate { file } => {
            let configuration = load::configuration(file)?;
            let (clusters, flows) = (configuration.clusters.len(), configuration.flows.len());
            println!("{}: {clusters} clusters, {flows} flows, nothing wrong", file.display());
        }
        Action::Import { file, output } => import_file(file, output.as_deref())?,
        Action::Explain { key: Some(key) } => explain(key)?,
        Action::Explain { key: None } => print!("{}", keys::markdown()),
    }
    Ok(())
}

fn import_file(file: &Path, output: Option<&Path>) -> Result<(), Failure> {
    let imported = import::any(file, Purpose::Write)?;
    imported.warn(file);
    let translated = &imported.translated;
    load::check_written(file, &translated.configuration, |key| translated.name_of(key))?;
    let text = import::toml(&translated.configuration);
    let Some(output) = output else {
        print!("{text}");
        return Ok(());
    };
    let mut writer = File::create_new(output).map_err(|error| load::wrong(output, &error.to_string()))?;
    writer.write_all(text.as_bytes()).map_err(|error| Failure::Failed(error.into()))
}

/// How many keys are offered in the place of an unknown one.
const OFFERED: usize = 3;

fn explain(wanted: &str) -> Result<(), Failure> {
    let by_name = || {
        let mut found = keys::all().filter(|key| key.name() == wanted);
        found.next().filter(|_| found.next().is_none())
    };
    let table = format!("{wanted}.");
    let in_table = keys::all().filter(|key| key.path.starts_with(&table));
    let found: Vec<&Key> = match keys::find(wanted).or_else(by_name) {
        Some(key) => vec![key],
        None => in_table.collect(),
    };
    if found.is_empty() {
        return Err(Failure::WrongInput(unknown(wanted)));
    }
    let explanations: Vec<String> = found.into_iter().map(explanation).collect();
    print!("{}", explanations.join("\n"));
    Ok(())
}

fn explanation(key: &Key) -> String {
    let default = key.default.unwrap_or(if key.required { "none, must be given" } else { "none" });
    let (path, what, kind, allowed, example) =
        (key.path, key.what, key.kind.name(), key.allowed, key.example);
    format!(
        "{path}\n  {what}\n  type:    {kind}\n  default: {default}\n  allowed: {allowed}\n  example: {example}\n"
    )
}

fn unknown(wanted: &str) -> String {
    let nearest = keys::nearest_paths(wanted, OFFERED);
    let offer = match nearest.as_slice() {
        [] => "`strait config explain` lists all keys".to_owned(),
        names => format!("nearest are {}", names.join(", ")),
    };
    format!("error: `{wanted}` is no key; {offer}")
}
