//! `strait demo`: two clusters, orders that are written and read in one of them, and a flow that copies them to the
//! other. Each is a process of its own, so that one can be killed.

// The folder: who runs, where.
mod folder;
// Orders, and a group that reads them.
mod orders;
// Brokers and the replicator.
mod processes;
// What is told of them.
mod report;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use clap::Subcommand;
use tokio::time::{MissedTickBehavior, interval};

use crate::stop::stop_requested;
use crate::{Failure, screen};

use folder::Folder;
use processes::Processes;
use report::Report;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// End after this time, with a summary; without it the demo runs until it is interrupted.
    #[arg(long = "for", value_parser = humantime::parse_duration)]
    stop_after: Option<Duration>,
    /// Folder for all data, which is kept; without it the data goes away at the end.
    #[arg(long, global = true, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Orders a second.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// Kill a process of the running demo, which starts it again after some seconds.
    Kill {
        /// east, west or strait.
        name: String,
    },
}

const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Looks between two lines where there is no terminal.
const LINE_LOOKS: u64 = 5;
/// For the rest of the copy at the end.
const SETTLE: Duration = Duration::from_secs(10);

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = Folder::at(arguments.keep.clone());
    if let Some(Action::Kill { name }) = &arguments.action {
        return folder.kill(name);
    }
    folder.claim()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(error.into()))?;
    let shown = runtime.block_on(show(arguments, &folder)).map_err(Failure::Failed);
    folder.release();
    shown
}

async fn show(arguments: &Arguments, folder: &Folder) -> anyhow::Result<()> {
    let mut processes = Processes::start(folder).await?;
    println!("east   {}   a cluster of one broker", processes.east());
    println!("west   {}   another one", processes.west());
    println!("strait {}   copies topics and groups from east to west", processes.http());
    println!("data in {}, try `strait demo kill east{}`\n", folder.path().display(), folder.option());
    let orders = orders::start(processes.east(), arguments.rate);
    let mut report = Report::new(&processes);
    let ended = watch(arguments, &mut processes, &mut report).await;
    orders.stop().await;
    screen::show("")?;
    ended?;
    let summary = tokio::select! {
        summary = report.settle(SETTLE) => summary,
        () = stop_requested(None) => bail!("interrupted before the copy was complete"),
    };
    processes.stop();
    println!("{summary}");
    summary.verdict()
}

/// Shows what happens until the time is over.
async fn watch(arguments: &Arguments, processes: &mut Processes, report: &mut Report) -> anyhow::Result<()> {
    let mut looks = interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stop = stop_requested(arguments.stop_after);
    tokio::pin!(stop);
    for look in 0_u64.. {
        tokio::select! {
            _ = looks.tick() => {}
            () = &mut stop => break,
        }
        processes.keep_running()?;
        report.look().await;
        if screen::is_terminal() {
            screen::show(&report.table(processes))?;
        } else if look % LINE_LOOKS == LINE_LOOKS - 1 {
            screen::say(&report.line())?;
        }
    }
    Ok(())
}
