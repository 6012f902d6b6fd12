//! MirrorMaker 2 in its dedicated mode.

use std::fmt::Write as _;
use std::fs;

use super::{CopierKind, Job};
use crate::clusters::Clusters;
use crate::error::BenchError;
use crate::peers::{Peer, Peers};

/// For one broker each; there is no authorizer whose rules could be copied.
const ONE_BROKER: &str = "replication.factor=1
checkpoints.topic.replication.factor=1
heartbeats.topic.replication.factor=1
offset-syncs.topic.replication.factor=1
config.storage.replication.factor=1
offset.storage.replication.factor=1
status.storage.replication.factor=1
sync.topic.acls.enabled=false
";

/// As often as MirrorMaker 2 can.
const GROUPS_EACH_SECOND: &str = "sync.group.offsets.enabled=true
sync.group.offsets.interval.seconds=1
emit.checkpoints.interval.seconds=1
";

pub(super) fn start<'p>(
    job: &Job<'_>,
    peers: &'p Peers,
    clusters: &Clusters<'_>,
) -> Result<Peer<'p>, BenchError> {
    let path = peers.folder().join(format!("{}.properties", job.alias));
    fs::write(&path, properties(job, &clusters.source.address, &clusters.target.address))
        .map_err(|source| BenchError::File { path: path.clone(), source })?;
    peers.start_mirror_maker(&job.alias, &path)
}

fn properties(job: &Job<'_>, source: &str, target: &str) -> String {
    let (from, to) = (&job.alias, format!("{}-target", job.alias));
    let mut text = format!(
        "clusters={from},{to}\n{from}.bootstrap.servers={source}\n{to}.bootstrap.servers={target}\n\
         {from}->{to}.enabled=true\n{from}->{to}.topics={}\n{ONE_BROKER}",
        job.topic
    );
    if let Some(groups) = job.groups {
        let _ = write!(text, "{from}->{to}.groups={groups}\n{GROUPS_EACH_SECOND}");
    }
    if job.kind != CopierKind::Mm2 {
        text.push_str(&tuning(from, &to, job.codec));
    }
    if job.kind == CopierKind::Mm2Eos {
        let _ = write!(
            text,
            "{to}.exactly.once.source.support=enabled\ndedicated.mode.enable.internal.rest=true\nlisteners=http://127.0.0.1:0\n"
        );
    }
    text
}

/// Large batches at both ends, and the source's codec at the target.
fn tuning(from: &str, to: &str, codec: &str) -> String {
    let consumer =
        [("max.poll.records", 20_000), ("fetch.min.bytes", 1 << 20), ("max.partition.fetch.bytes", 8 << 20)];
    let producer = [("linger.ms", 50), ("batch.size", 512 << 10), ("buffer.memory", 128 << 20)];
    let mut text = format!("{to}.producer.compression.type={codec}\n");
    for (key, value) in consumer {
        let _ = writeln!(text, "{from}->{to}.source.consumer.{key}={value}");
    }
    for (key, value) in producer {
        let _ = writeln!(text, "{to}.producer.{key}={value}");
    }
    text
}
