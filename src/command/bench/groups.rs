//! `strait bench groups`: arguments in, table or JSON out.

use std::time::Duration;

use comfy_table::Table;
use strait_bench::{GroupsOptions, GroupsReport, measure_groups};

use super::options::{Copier, SetupArguments};
use super::{complete, mebibytes, print};
use crate::Failure;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    setup: SetupArguments,
    /// Groups; 2,000, with --quick 200.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    groups: Option<u32>,
    /// Partitions that each of them reads.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    /// How often all groups move; 5, with --quick 2.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Measured time while nothing moves; 30s, with --quick 5s.
    #[arg(long, value_parser = humantime::parse_duration)]
    idle: Option<Duration>,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "strait,mm2")]
    copiers: Vec<Copier>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let setup = &arguments.setup;
    let options = GroupsOptions {
        setup: setup.setup(&arguments.copiers)?,
        groups: setup.choose(arguments.groups, 2_000, 200),
        partitions: arguments.partitions,
        rounds: setup.choose(arguments.rounds, 5, 2),
        idle: setup.choose(arguments.idle, Duration::from_secs(30), Duration::from_secs(5)),
    };
    print(&complete(measure_groups(&options))?, setup.output, table)
}

fn table(report: &GroupsReport) -> Table {
    let mut table = Table::new();
    table.set_header(["copier", "all moved s", "CPU-s", "idle CPU %", "peak RSS MiB"]);
    for medians in &report.copiers {
        table.add_row([
            medians.copier.to_string(),
            format!("{:.2}", medians.seconds),
            format!("{:.2}", medians.cpu_seconds),
            format!("{:.1}", medians.idle_cpu_percent),
            format!("{:.0}", mebibytes(medians.peak_resident_bytes as f64)),
        ]);
    }
    table
}
