//! What can go wrong in a benchmark.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use strait_client::{BrokerError, ClientError, ConnectionError};
use strait_replicator_core::offset_map::{ChunkError, RunOrderError};
use strait_wire::api_key::ApiKey;
use strait_wire::batch::BatchError;
use strait_wire::codec::{DecodeError, EncodeError};

/// A benchmark that gave no figures.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("{}: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{program}: can't be started: {source}")]
    Spawn { program: String, source: io::Error },
    #[error("{command} failed: {output}")]
    Script { command: String, output: String },
    #[error("no free port between {lowest} and {highest}")]
    NoFreePort { lowest: u16, highest: u16 },
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("{address}: {source}")]
    RawConnection { address: String, source: io::Error },
    #[error("a driver ended by itself")]
    DriverEnded,
    #[error("{api} of {topic}: {error}")]
    Broker { api: ApiKey, topic: String, error: BrokerError },
    #[error("{topic}: its partitions have several leaders ({leaders:?}); a benchmark needs one broker")]
    SeveralLeaders { topic: String, leaders: Vec<i32> },
    #[error("{what}: not within {after:?}, last seen: {seen}")]
    Deadline { what: String, after: Duration, seen: String },
    #[error("process {pid}: `{field}` is not in /proc")]
    Usage { pid: u32, field: &'static str },
    #[error("{copier} ended by itself; its log ends with:\n{log}")]
    CopierEnded { copier: String, log: String },
    #[error("{copier} left {found} records at the target, {expected} were expected")]
    RecordsMissing { copier: String, found: u64, expected: u64 },
    #[error("no record can be measured: {reason}")]
    NothingMeasured { reason: &'static str },
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    #[error(transparent)]
    RunOrder(#[from] RunOrderError),
    #[error("the offset map says that source offset {source_offset} is target offset {target_offset}")]
    WrongOffset { source_offset: i64, target_offset: i64 },
}
