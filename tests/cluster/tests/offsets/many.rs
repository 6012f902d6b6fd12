//! Groups through our client: many at once, and what librdkafka does not commit.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use strait_client::{ClientConfig, Cluster, CommittedOffsets};
use strait_cluster_tests::kafka::Kafka;

/// Commits for groups without members.
pub(crate) fn commit(kafka: &Kafka, commits: &BTreeMap<String, CommittedOffsets>) -> Result<()> {
    let answers = with_client(kafka, async |cluster| Ok(cluster.commit_offsets(commits).await?))?;
    for (group, answer) in answers {
        for (place, result) in answer? {
            result.with_context(|| format!("{group} at {place:?}"))?;
        }
    }
    Ok(())
}

/// All that groups committed.
pub(crate) fn committed(kafka: &Kafka, groups: &[String]) -> Result<BTreeMap<String, CommittedOffsets>> {
    let answers = with_client(kafka, async |cluster| Ok(cluster.committed_offsets(groups).await?))?;
    answers.into_iter().map(|(group, committed)| Ok((group, committed?))).collect()
}

fn with_client<T>(kafka: &Kafka, ask: impl AsyncFnOnce(Cluster) -> Result<T>) -> Result<T> {
    let config = ClientConfig { bootstrap: vec![kafka.address()], ..ClientConfig::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { ask(Cluster::connect(config).await?).await })
}
