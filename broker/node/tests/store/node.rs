//! A broker in this process, on a store of its own.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strait_broker::{BrokerError, Settings, run_on};
use strait_broker_log::store::faulty::FaultyStore;
use strait_client::ClientConfig;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const START_LIMIT: Duration = Duration::from_secs(30);
/// What a broker without power may still take to notice.
const END_LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct Node {
    runtime: Runtime,
    address: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), BrokerError>>,
}

impl Node {
    /// Starts a broker whose lock and identity are in `folder` and whose logs are in `store`.
    pub(crate) fn start(store: &FaultyStore, folder: &Path, properties: &[(&str, &str)]) -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        let mut settings = Settings::new(folder.to_owned(), listen);
        for (key, value) in properties {
            assert!(settings.set(key, value).expect(key), "{key} means something");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (told, started) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let store = Arc::new(store.until_power_loss());
        let task = runtime.spawn(async move {
            let started = move |address: &str| drop(told.send(address.to_owned()));
            run_on(store, settings, started, async move { drop(stopped.await) }).await
        });
        let address = runtime.block_on(async { tokio::time::timeout(START_LIMIT, started).await });
        let address = match address.expect("started in time") {
            Ok(address) => address,
            Err(_) => panic!("not started: {:?}", runtime.block_on(task)),
        };
        Self { runtime, address, stop, task }
    }

    pub(crate) fn client(&self) -> ClientConfig {
        ClientConfig {
            bootstrap: vec![self.address.clone()],
            request_timeout: Duration::from_secs(5),
            operation_timeout: Duration::from_secs(10),
            ..ClientConfig::default()
        }
    }

    /// The process is gone; its store has lost the power before.
    pub(crate) fn end(self) {
        self.runtime.shutdown_timeout(END_LIMIT);
    }

    /// A good end.
    pub(crate) fn stop(self) {
        let _ = self.stop.send(());
        self.runtime.block_on(self.task).expect("no panic").expect("a good end");
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
