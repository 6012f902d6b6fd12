//! `strait broker`: one Kafka-compatible broker in the foreground.

use std::path::{Path, PathBuf};
use std::time::Duration;

use strait_broker::Settings;

use crate::stop::stop_requested;
use crate::{Failure, keys, load, properties};

const DEFAULT_LISTEN: &str = "127.0.0.1:9092";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder for all data; made and formatted when it is empty.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Address of a plain listener, in place of those in the settings; port 0 takes any free one. Default:
    /// 127.0.0.1:9092.
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Address that clients shall connect to, where it is another one.
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<String>,
    /// Partitions of topics that are made without a number.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    partitions: Option<i32>,
    /// Do not make topics that clients ask for.
    #[arg(long)]
    no_auto_create: bool,
    /// Serve health and metrics here.
    #[arg(long, value_name = "HOST:PORT")]
    http: Option<String>,
    /// Settings by Kafka's names, as in `server.properties`; the options above win.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Stop by itself after this time, e.g. `30s`.
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    stop_after: Option<Duration>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = settings(arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.into()))?;
    let data = arguments.data.display().to_string();
    let started = move |bootstrap: &str| println!("broker at {bootstrap}, data in {data}");
    let stop = stop_requested(arguments.stop_after);
    let served = async {
        // In a task of its own: work that blocks may then move other tasks to another thread.
        tokio::spawn(strait_broker::run(settings, started, stop)).await
    };
    let outcome = runtime.block_on(served).map_err(|error| Failure::Failed(error.into()))?;
    // Its text holds those of its causes.
    outcome.map_err(|error| Failure::Failed(anyhow::Error::msg(error.to_string())))
}

fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let listen = arguments.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
    let mut settings = Settings::new(arguments.data.clone(), listen.to_owned());
    if let Some(http) = &arguments.http {
        settings = settings.with_http(http.clone());
    }
    if let Some(path) = &arguments.config {
        read(path, &mut settings, arguments.listen.is_some())?;
    }
    let mut set = |key: &str, value: &str| {
        settings.set(key, value).map(drop).map_err(|error| Failure::WrongInput(format!("error: {error}")))
    };
    if let Some(address) = &arguments.advertise {
        set("advertised.listeners", &format!("PLAINTEXT://{address}"))?;
    }
    if let Some(partitions) = arguments.partitions {
        set("num.partitions", &partitions.to_string())?;
    }
    if arguments.no_auto_create {
        set("auto.create.topics.enable", "false")?;
    }
    settings.check().map_err(|error| Failure::WrongInput(format!("error: {error}")))?;
    Ok(settings)
}

/// Keys that mean nothing here are named and left out, as Kafka does.
fn read(path: &Path, settings: &mut Settings, listens_by_option: bool) -> Result<(), Failure> {
    let bytes = std::fs::read(path).map_err(|error| load::wrong(path, &format!("can't be read: {error}")))?;
    let entries = properties::parse(&bytes).map_err(|error| load::wrong(path, &error.to_string()))?;
    let mut wrong = Vec::new();
    for entry in entries {
        let line = entry.line;
        if listens_by_option && entry.key == "listeners" {
            tracing::warn!(line, "the option --listen stands in place of listeners");
            continue;
        }
        match settings.set(&entry.key, &entry.value) {
            Ok(true) => {}
            Ok(false) => {
                keys::tell_meaningless(
                    &entry.key,
                    Some(line),
                    keys::misspelled(&entry.key, Settings::names()),
                );
            }
            Err(error) => wrong.push(format!("\n  line {line}: {error}")),
        }
    }
    match wrong.len() {
        0 => Ok(()),
        count => Err(load::wrong(path, &format!("{count} wrong{}", wrong.concat()))),
    }
}
