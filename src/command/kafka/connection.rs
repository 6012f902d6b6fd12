//! Where the cluster is, and who we are there.

use std::path::PathBuf;

use strait_client::Cluster;

use crate::Failure;
use crate::import::{self, Client};

#[derive(clap::Args)]
pub(crate) struct ConnectionArguments {
    /// Addresses of some brokers, parted by commas.
    #[arg(long, global = true, env = "STRAIT_BOOTSTRAP", value_name = "HOST:PORT")]
    bootstrap: Option<String>,
    /// Properties of a Kafka client: security, and settings of producer or consumer.
    #[arg(long, global = true, value_name = "FILE")]
    command_config: Option<PathBuf>,
}

impl ConnectionArguments {
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        import::client(self.command_config.as_deref(), self.bootstrap.as_deref())
    }

    pub(crate) async fn connect(&self) -> Result<Cluster, Failure> {
        let client = self.client()?;
        Cluster::connect(client.cluster).await.map_err(|error| Failure::Failed(error.into()))
    }
}

/// Runs a command that waits for brokers.
pub(crate) fn run_async(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::Failed(error.into()))?.block_on(command)
}
