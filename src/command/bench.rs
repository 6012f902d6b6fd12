//! `strait bench`: measure Strait against MirrorMaker 2, a raw copier and Apache Kafka.

// A broker by itself.
mod broker;
// Groups that move.
mod groups;
// The offset map.
mod offset_map;
// Catch-up.
mod replicate;
// Latency, idle cost and start-up.
mod steady;
// Options that all of them share.
mod options;

use clap::{Subcommand, ValueEnum};
use strait_bench::{BenchError, FloorOptions};

use crate::Failure;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Catch-up of a full backlog: rate, CPU and memory.
    Replicate(replicate::Arguments),
    /// Added latency and CPU at a fixed rate.
    Latency(steady::LatencyArguments),
    /// CPU and memory with nothing to copy.
    Idle(steady::IdleArguments),
    /// A broker by itself: records, CPU and memory.
    Broker(broker::Arguments),
    /// Until all groups that moved at the source have moved at the target.
    Groups(groups::Arguments),
    /// The offset map of many records: disk, memory, and the time of a lookup; needs no cluster.
    OffsetMap(offset_map::Arguments),
    /// From the start of a stopped copier to its next record.
    Start(steady::StartArguments),
    /// Fetch and produce the same batches until killed; `replicate` starts it.
    #[command(hide = true)]
    Floor(FloorArguments),
}

#[derive(clap::Args)]
struct FloorArguments {
    #[arg(long)]
    source: String,
    #[arg(long)]
    target: String,
    #[arg(long)]
    topic: String,
    #[arg(long)]
    remote_topic: String,
    #[arg(long)]
    partitions: i32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Table,
    Json,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.action {
        Action::Replicate(arguments) => replicate::run(&arguments),
        Action::Latency(arguments) => steady::latency(&arguments),
        Action::Idle(arguments) => steady::idle(&arguments),
        Action::Broker(arguments) => broker::run(&arguments),
        Action::Groups(arguments) => groups::run(&arguments),
        Action::OffsetMap(arguments) => offset_map::run(&arguments),
        Action::Start(arguments) => steady::start(&arguments),
        Action::Floor(arguments) => complete(strait_bench::copy_raw(&FloorOptions {
            source: arguments.source,
            target: arguments.target,
            topic: arguments.topic,
            remote_topic: arguments.remote_topic,
            partitions: arguments.partitions,
        })),
    }
}

/// Runs a benchmark on one thread; an interrupt ends it with everything that it started.
fn complete<T>(benchmark: impl Future<Output = Result<T, BenchError>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.into()))?;
    runtime.block_on(async {
        tokio::select! {
            result = benchmark => result.map_err(|error| Failure::Failed(error.into())),
            () = crate::stop::stop_requested(None) => {
                Err(Failure::Failed(anyhow::anyhow!("interrupted")))
            }
        }
    })
}

fn print<T: serde::Serialize, S: std::fmt::Display>(
    report: &T,
    output: Output,
    table: fn(&T) -> S,
) -> Result<(), Failure> {
    match output {
        Output::Table => println!("{}", table(report)),
        Output::Json => {
            let text = serde_json::to_string_pretty(report).map_err(|error| Failure::Failed(error.into()))?;
            println!("{text}");
        }
    }
    Ok(())
}

fn mebibytes(bytes: f64) -> f64 {
    bytes / f64::from(1 << 20)
}
