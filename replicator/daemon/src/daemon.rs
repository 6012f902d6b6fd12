//! The daemon: one thread for each flow, or for each of its shares, and the HTTP server beside them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::thread;

use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::configuration::Configuration;
use crate::flow::{self, Ended, FlowParts, Witness};
use crate::status::DaemonStatus;
use crate::store::Store;
use crate::worker::{self, WorkerParts};
use crate::{metrics, rest};

/// Why the daemon can't run.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    #[error("http.listen {listen}: {source}")]
    Listen { listen: String, source: io::Error },
    #[error("flow {flow}: its thread can't be started: {source}")]
    Thread { flow: String, source: io::Error },
    #[error("metrics: {reason}")]
    Metrics { reason: String },
    #[error("flow {flow} ended in a panic")]
    Panicked { flow: String },
}

/// Runs all flows until `shutdown` completes, then drains them; `status` shows them meanwhile.
pub async fn run(
    configuration: Configuration,
    status: DaemonStatus,
    shutdown: impl Future<Output = ()>,
) -> Result<(), DaemonError> {
    let (stop, stopped) = watch::channel(false);
    let threads = start_flows(&configuration, &status, &stopped)?;
    let registry =
        metrics::registry(&status).map_err(|error| DaemonError::Metrics { reason: error.to_string() })?;
    let router = rest::router(status, registry);
    let listen = configuration.http.listen.clone();
    let mut http_stopped = stopped.clone();
    let server = strait_http::serve(&listen, router, async move {
        // An error means that the sender is gone: stop too.
        let _ = http_stopped.wait_for(|stop| *stop).await;
    });
    tokio::pin!(server);
    let served = tokio::select! {
        served = &mut server => Some(served),
        () = shutdown => None,
    };
    info!("daemon is stopping");
    stop.send_replace(true);
    let ended = join_flows(threads).await;
    let served = match served {
        Some(served) => served,
        None => server.await,
    };
    served.map_err(|source| DaemonError::Listen { listen: listen.clone(), source })?;
    ended
}

type FlowThread = (String, thread::JoinHandle<Ended>);

fn start_flows(
    configuration: &Configuration,
    status: &DaemonStatus,
    stopped: &watch::Receiver<bool>,
) -> Result<Vec<FlowThread>, DaemonError> {
    let mut threads = Vec::new();
    let mut workers: BTreeMap<String, WorkerParts> = BTreeMap::new();
    let instance = instance_of(configuration);
    let store = open_store(&configuration.data_dir);
    for flow in &configuration.flows {
        let id = flow.id();
        let (Some(source), Some(target)) =
            (configuration.clusters.get(&flow.source), configuration.clusters.get(&flow.target))
        else {
            continue;
        };
        status.add(&id, &flow.source, &flow.target);
        let worker = workers.entry(flow.target.clone()).or_insert_with(|| WorkerParts {
            group: configuration.worker_group.clone(),
            instance: instance.clone(),
            address: configuration.http.listen.clone(),
            alias: flow.target.clone(),
            target: target.clone(),
            parts: BTreeMap::new(),
            replication_factor: flow.replication_factor,
            witness: Witness::default(),
            status: status.clone(),
            store: store.clone(),
        });
        for part in configuration.parts(flow) {
            let parts = FlowParts {
                flow: flow.clone(),
                part: part.clone(),
                witness: worker.witness.clone(),
                instance: instance.clone(),
                source: source.clone(),
                target: target.clone(),
                limits: configuration.limits.clone(),
                status: status.clone(),
                store: store.clone(),
            };
            worker.parts.insert(part, parts);
        }
    }
    for (target, worker) in workers {
        if !configuration.worker_group.is_empty() {
            let name = format!("worker-{target}");
            let stopped = stopped.clone();
            let thread = spawn(name.clone(), move || worker::run(worker, stopped));
            let thread = thread.map_err(|source| DaemonError::Thread { flow: name.clone(), source })?;
            threads.push((name, thread));
            continue;
        }
        for (part, parts) in worker.parts {
            let flow = part.to_string();
            let thread = spawn_part(parts, stopped.clone());
            let thread = thread.map_err(|source| DaemonError::Thread { flow: flow.clone(), source })?;
            threads.push((flow, thread));
        }
    }
    Ok(threads)
}

/// The data folder makes starts faster; they work without it too.
fn open_store(folder: &Path) -> Option<Store> {
    if folder.as_os_str().is_empty() {
        return None;
    }
    let opened = Store::open(folder);
    opened.inspect_err(|error| warn!(%error, "starts read all of their state topics")).ok()
}

/// The configured name, or one that stays the same when this daemon starts again.
fn instance_of(configuration: &Configuration) -> String {
    if !configuration.instance.is_empty() {
        return configuration.instance.clone();
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}@{}", configuration.http.listen, host.trim())
}

/// A part of a flow lives on one thread: frames never travel between threads.
pub(crate) fn spawn_part(
    parts: FlowParts,
    stopped: watch::Receiver<bool>,
) -> io::Result<thread::JoinHandle<Ended>> {
    spawn(parts.part.to_string(), move || flow::run(parts, stopped))
}

fn spawn<F: Future<Output = Ended>>(
    name: String,
    run: impl FnOnce() -> F + Send + 'static,
) -> io::Result<thread::JoinHandle<Ended>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name(name).spawn(move || runtime.block_on(run()))
}

async fn join_flows(threads: Vec<FlowThread>) -> Result<(), DaemonError> {
    for (flow, thread) in threads {
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(_))) {
            error!(%flow, "flow ended in a panic");
            return Err(DaemonError::Panicked { flow });
        }
    }
    Ok(())
}
