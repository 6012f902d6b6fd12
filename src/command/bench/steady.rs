//! `strait bench latency`, `idle` and `start`: arguments in, table or JSON out.

use std::time::Duration;

use comfy_table::Table;
use strait_bench::{
    IdleOptions, IdleReport, Latency, LatencyOptions, LatencyReport, StartOptions, StartReport, measure_idle,
    measure_latency, measure_start,
};

use super::options::{Copier, SetupArguments};
use super::{complete, mebibytes, print};
use crate::Failure;

#[derive(clap::Args)]
pub(super) struct LatencyArguments {
    #[command(flatten)]
    setup: SetupArguments,
    /// Records a second.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Measured time; 60s, with --quick 10s.
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,
    /// Load before the measured time; 15s, with --quick 5s.
    #[arg(long, value_parser = humantime::parse_duration)]
    warm_up: Option<Duration>,
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    #[arg(long, default_value_t = 245)]
    record_size: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "strait,mm2")]
    copiers: Vec<Copier>,
}

pub(super) fn latency(arguments: &LatencyArguments) -> Result<(), Failure> {
    let setup = &arguments.setup;
    let options = LatencyOptions {
        setup: setup.setup(&arguments.copiers)?,
        partitions: arguments.partitions,
        rate: arguments.rate,
        duration: setup.choose(arguments.duration, Duration::from_secs(60), Duration::from_secs(10)),
        warm_up: setup.choose(arguments.warm_up, Duration::from_secs(15), Duration::from_secs(5)),
        record_size: arguments.record_size,
        seed: arguments.seed,
    };
    print(&complete(measure_latency(&options))?, setup.output, latency_table)
}

fn latency_table(report: &LatencyReport) -> Table {
    let mut table = Table::new();
    table.set_header([
        "copier",
        "source ms p50 / p99",
        "target ms p50 / p99",
        "added ms p50 / p99",
        "behind ms p50 / p99",
        "CPU %",
        "peak RSS MiB",
    ]);
    let both = |latency: Latency| format!("{:.1} / {:.1}", latency.p50, latency.p99);
    for run in &report.copiers {
        table.add_row([
            run.copier.to_string(),
            both(run.source),
            both(run.target),
            format!("{:.1} / {:.1}", run.added_p50, run.added_p99),
            both(run.behind),
            format!("{:.1}", run.cpu_percent),
            format!("{:.0}", mebibytes(run.peak_resident_bytes as f64)),
        ]);
    }
    table
}

#[derive(clap::Args)]
pub(super) struct IdleArguments {
    #[command(flatten)]
    setup: SetupArguments,
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    /// Measured time; 60s, with --quick 10s.
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    duration: Option<Duration>,
    /// Between the last record and the measured time; 20s, with --quick 5s.
    #[arg(long, value_parser = humantime::parse_duration)]
    settle: Option<Duration>,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "strait,mm2")]
    copiers: Vec<Copier>,
}

pub(super) fn idle(arguments: &IdleArguments) -> Result<(), Failure> {
    let setup = &arguments.setup;
    let options = IdleOptions {
        setup: setup.setup(&arguments.copiers)?,
        partitions: arguments.partitions,
        duration: setup.choose(arguments.duration, Duration::from_secs(60), Duration::from_secs(10)),
        settle: setup.choose(arguments.settle, Duration::from_secs(20), Duration::from_secs(5)),
    };
    print(&complete(measure_idle(&options))?, setup.output, idle_table)
}

fn idle_table(report: &IdleReport) -> Table {
    let mut table = Table::new();
    table.set_header([
        "copier",
        "CPU %",
        "RSS MiB",
        "peak RSS MiB",
        "source broker CPU %",
        "target broker CPU %",
    ]);
    let percent = |percent: Option<f64>| percent.map_or_else(String::new, |percent| format!("{percent:.1}"));
    for run in &report.copiers {
        table.add_row([
            run.copier.to_string(),
            format!("{:.2}", run.cpu_percent),
            format!("{:.1}", mebibytes(run.resident_bytes as f64)),
            format!("{:.1}", mebibytes(run.peak_resident_bytes as f64)),
            percent(run.source_broker_cpu_percent),
            percent(run.target_broker_cpu_percent),
        ]);
    }
    table
}

#[derive(clap::Args)]
pub(super) struct StartArguments {
    #[command(flatten)]
    setup: SetupArguments,
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    /// Starts of each copier; 5, with --quick 2.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "strait,mm2")]
    copiers: Vec<Copier>,
}

pub(super) fn start(arguments: &StartArguments) -> Result<(), Failure> {
    let setup = &arguments.setup;
    let options = StartOptions {
        setup: setup.setup(&arguments.copiers)?,
        partitions: arguments.partitions,
        rounds: setup.choose(arguments.rounds, 5, 2),
    };
    print(&complete(measure_start(&options))?, setup.output, start_table)
}

fn start_table(report: &StartReport) -> Table {
    let mut table = Table::new();
    table.set_header(["copier", "first record s", "CPU-s"]);
    for medians in &report.copiers {
        let (seconds, cpu_seconds) = (medians.seconds, medians.cpu_seconds);
        table.add_row([medians.copier.to_string(), format!("{seconds:.3}"), format!("{cpu_seconds:.2}")]);
    }
    table
}
