//! `strait broker`: one broker in the foreground.

use std::path::PathBuf;
use std::time::Duration;

use strait_broker::Configuration;

use crate::Failure;
use crate::stop::stop_requested;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder for all data; made and formatted when it is empty.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Address to listen on; port 0 takes any free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    listen: String,
    /// Address that clients shall connect to, where it is another one.
    #[arg(long, value_name = "HOST:PORT")]
    advertise: Option<String>,
    /// Partitions of topics that are made without a number.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    partitions: i32,
    /// Do not make topics that clients ask for.
    #[arg(long)]
    no_auto_create: bool,
    /// Stop by itself after this time, e.g. `30s`.
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    stop_after: Option<Duration>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(error.into()))?;
    let data = arguments.data.display().to_string();
    let started = move |address: &str| println!("broker at {address}, data in {data}");
    let stop = stop_requested(arguments.stop_after);
    let ended = runtime.block_on(strait_broker::run(configuration(arguments), started, stop));
    ended.map_err(|error| Failure::Failed(error.into()))
}

fn configuration(arguments: &Arguments) -> Configuration {
    Configuration {
        advertised: arguments.advertise.clone(),
        default_partitions: arguments.partitions,
        auto_create_topics: !arguments.no_auto_create,
        ..Configuration::new(arguments.data.clone(), arguments.listen.clone())
    }
}
