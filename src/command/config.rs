//! `strait config`: check a file before it is used, or print one to start from.

use std::path::PathBuf;

use clap::Subcommand;

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
    }
    Ok(())
}
