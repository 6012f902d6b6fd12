//! `strait bench offset-map`: arguments in, figures beside their bars out.

use clap::ValueEnum;
use comfy_table::Table;
use strait_bench::{MapFigures, OffsetMapOptions, OffsetMapReport, Unit, Workload, measure_offset_map};

use super::{Output, mebibytes, print};
use crate::Failure;

/// The most that a map may take in memory, chunks that are cached included.
const RESIDENT_BAR_MIB: f64 = 8.0;
const LOOKUP_BAR_US: f64 = 2.0;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Copied records.
    #[arg(long, default_value_t = 1_000_000_000, value_parser = clap::value_parser!(i64).range(1..))]
    records: i64,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "ordinary,transactional,compacted")]
    topics: Vec<Topic>,
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Topic {
    Ordinary,
    /// One transaction marker in 100 offsets.
    Transactional,
    /// 10 % of the records survived.
    Compacted,
}

impl From<Topic> for Workload {
    fn from(topic: Topic) -> Self {
        match topic {
            Topic::Ordinary => Self::Ordinary,
            Topic::Transactional => Self::Transactional,
            Topic::Compacted => Self::Compacted,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let workloads = arguments.topics.iter().map(|topic| (*topic).into()).collect();
    let options = OffsetMapOptions { records: arguments.records, workloads };
    let report = measure_offset_map(&options).map_err(|error| Failure::Failed(error.into()))?;
    print(&report, arguments.output, table)
}

fn table(report: &OffsetMapReport) -> Table {
    let mut table = Table::new();
    table.set_header([
        "topic",
        "chunks",
        "disk / bar",
        "resident MiB, cached / bar",
        "lookup us, back / bar",
        "from the file us, back",
        "filled in s",
    ]);
    for map in &report.maps {
        table.add_row([
            map.workload.to_string(),
            map.chunks.to_string(),
            disk(map, report.records),
            format!(
                "{:.2}, {:.2} / {RESIDENT_BAR_MIB}",
                mebibytes(map.resident_bytes as f64),
                mebibytes(map.cache_bytes as f64)
            ),
            format!("{:.2}, {:.2} / {LOOKUP_BAR_US}", map.lookup_us, map.back_us),
            format!("{:.1}, {:.1}", map.cold_us, map.cold_back_us),
            format!("{:.0}", map.fill_seconds),
        ]);
    }
    table
}

fn disk(map: &MapFigures, records: i64) -> String {
    let bar = map.workload.disk_bar();
    let used = map.disk_bytes as f64 / bar.units(records) as f64;
    match bar.per {
        Unit::Map => format!("{used:.0} / {:.0} bytes", bar.bytes),
        Unit::Transaction => format!("{used:.2} / {} bytes a transaction", bar.bytes),
        Unit::Record => format!("{:.2} / {} bits a record", used * 8.0, bar.bytes * 8.0),
    }
}
