//! Measures copiers on the same brokers: Strait, MirrorMaker 2, and a raw copier as the floor.

// What can go wrong.
mod error;
// Apache Kafka by the script of the tests.
mod peers;
mod ports;
// The two clusters of a run.
mod clusters;
// One topic on one broker: made, read, written, deleted.
mod topic;
// What goes into the source.
mod corpus;
mod dataset;
mod random;
// CPU and memory of a process.
mod process;
// What is measured, and how it is started.
mod copier;
mod floor;
// The target's growth while a copier runs.
mod watch;
// Medians and percentiles.
mod statistics;
// Clusters and copiers of one benchmark.
mod session;
// One file for each benchmark.
mod broker;
mod groups;
mod idle;
mod latency;
mod offset_map;
mod replicate;
mod start;

pub use broker::{
    BrokerKind, BrokerMedians, BrokerOptions, BrokerReport, BrokerRun, BrokerStart, Driver, Figures, Line,
    Task, Work, measure as measure_broker,
};
pub use copier::CopierKind;
pub use dataset::DataSet;
pub use error::BenchError;
pub use floor::{FloorOptions, copy as copy_raw};
pub use groups::{GroupsMedians, GroupsOptions, GroupsReport, GroupsRound, measure as measure_groups};
pub use idle::{IdleOptions, IdleReport, IdleRun, measure as measure_idle};
pub use latency::{Latency, LatencyOptions, LatencyReport, LatencyRun, measure as measure_latency};
pub use offset_map::{
    DiskBar, MapFigures, OffsetMapOptions, OffsetMapReport, Unit, Workload, measure as measure_offset_map,
};
pub use peers::Site;
pub use replicate::{
    CopierMedians, Ratio, ReplicateOptions, ReplicateReport, Run, measure as measure_replicate,
};
pub use session::Setup;
pub use start::{Start, StartMedians, StartOptions, StartReport, measure as measure_start};
pub use strait_wire::batch::Compression;
