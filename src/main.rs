//! The program: arguments -> configuration -> runtime -> one command -> exit code.

// One file for each command.
mod command;
// Keys that the environment overrides.
mod environment;
// From MirrorMaker 2's files to a configuration.
mod import;
// The table of all keys.
mod keys;
// From a file and the environment to a checked configuration.
mod load;
// Java properties files.
mod properties;
// Values that stand elsewhere.
mod references;
// The log and a table on one terminal.
mod screen;
// When a command in the foreground ends.
mod stop;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Copies topics between Kafka clusters.
#[derive(Parser)]
#[command(name = "strait", version)]
struct Arguments {
    /// What is logged: a level, or filters as in `strait_replicator=debug`.
    #[arg(long, global = true, env = "STRAIT_LOG_LEVEL", default_value = "info")]
    log_level: String,
    #[arg(long, global = true, env = "STRAIT_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Subcommand)]
// Made once, at the start.
#[allow(clippy::large_enum_variant)]
enum Command {
    /// Show it all: two clusters, and a flow between them.
    Demo(command::demo::Arguments),
    /// Run the replicator until it is told to stop.
    Replicate(command::replicate::Arguments),
    /// Run one Kafka-compatible broker until it is told to stop.
    Broker(command::broker::Arguments),
    /// Show flows of a running replicator.
    Flow(command::flow::Arguments),
    /// Translate offsets of one side of a flow into those of the other.
    Offsets(command::offsets::Arguments),
    /// Create, show, change and delete topics of any Kafka cluster.
    Topic(command::topic::Arguments),
    /// Write lines of standard input as records.
    Produce(command::produce::Arguments),
    /// Print records.
    Consume(command::consume::Arguments),
    /// Show groups of any Kafka cluster, reset and delete what they committed.
    Group(command::group::Arguments),
    /// Show the daemons that share flows, and take one out.
    Worker(command::worker::Arguments),
    /// Check a configuration file, or print one to start from.
    Config(command::config::Arguments),
    /// See what going on behind MirrorMaker 2 would do.
    Migrate(command::migrate::Arguments),
    /// Measure Strait on real clusters, against MirrorMaker 2 and a raw copier.
    Bench(command::bench::Arguments),
}

/// Something failed while running.
const FAILED: u8 = 1;
/// The arguments or the configuration are wrong; nothing was started.
const WRONG_INPUT: u8 = 2;

/// Why the program ends with an error.
enum Failure {
    WrongInput(String),
    Failed(anyhow::Error),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Err(reason) = start_log(&arguments) {
        eprintln!("error: --log-level {}: {reason}", arguments.log_level);
        return ExitCode::from(WRONG_INPUT);
    }
    let result = match arguments.command {
        Command::Demo(arguments) => command::demo::run(&arguments),
        Command::Replicate(arguments) => command::replicate::run(&arguments),
        Command::Broker(arguments) => command::broker::run(&arguments),
        Command::Flow(arguments) => command::flow::run(&arguments),
        Command::Offsets(arguments) => command::offsets::run(&arguments),
        Command::Topic(arguments) => command::topic::run(&arguments),
        Command::Produce(arguments) => command::produce::run(&arguments),
        Command::Consume(arguments) => command::consume::run(&arguments),
        Command::Group(arguments) => command::group::run(&arguments),
        Command::Worker(arguments) => command::worker::run(&arguments),
        Command::Config(arguments) => command::config::run(&arguments),
        Command::Migrate(arguments) => command::migrate::run(&arguments),
        Command::Bench(arguments) => command::bench::run(arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::WrongInput(message)) => {
            eprintln!("{message}");
            ExitCode::from(WRONG_INPUT)
        }
        Err(Failure::Failed(error)) => {
            eprintln!("error: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

/// The demo's clients lose their broker on purpose.
const DEMO_LOG_LEVEL: &str = "info,strait_client=error";

fn start_log(arguments: &Arguments) -> Result<(), String> {
    let level = match (&arguments.command, arguments.log_level.as_str()) {
        (Command::Demo(_), "info") => DEMO_LOG_LEVEL,
        (_, level) => level,
    };
    let filter = EnvFilter::try_new(level).map_err(|error| error.to_string())?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| screen::LogWriter);
    match arguments.log_format {
        LogFormat::Text => log.with_ansi(false).init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
