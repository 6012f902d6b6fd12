//! `strait bench replicate`: arguments in, table or JSON out.

use std::time::{Duration, SystemTime};

use comfy_table::Table;
use strait_bench::{
    CopierKind, CopierMedians, DataSet, ReplicateOptions, ReplicateReport, measure_replicate,
};

use super::options::{Codec, Copier, SetupArguments};
use super::{complete, mebibytes, print};
use crate::Failure;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    setup: SetupArguments,
    /// Records at the source; 4000000, with --quick 400000.
    #[arg(long)]
    records: Option<u64>,
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    #[arg(long, value_enum, default_value_t = Codec::Lz4)]
    codec: Codec,
    /// Bytes of a record's value.
    #[arg(long, default_value_t = 245)]
    record_size: usize,
    /// Bytes of a source batch before compression.
    #[arg(long, default_value_t = 131_072)]
    batch_bytes: usize,
    /// Most records of a source batch.
    #[arg(long)]
    batch_records: Option<usize>,
    /// Give records keys.
    #[arg(long)]
    keys: bool,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Age of the newest record; Strait writes what is older than 12 hours in transactions.
    #[arg(long, default_value = "0s")]
    age: humantime::Duration,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "strait,floor,mm2-tuned")]
    copiers: Vec<Copier>,
    /// Copies by each copier; 5, with --quick 2.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
}

const COLUMNS: [&str; 10] = [
    "copier",
    "records/s",
    "records/s, whole",
    "CPU-s/GiB",
    "peak RSS MiB",
    "first record s",
    "stored MiB",
    "others' CPU %",
    "rate, CPU against mm2-tuned",
    "rate, CPU against floor",
];

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let setup = &arguments.setup;
    let options = ReplicateOptions {
        setup: setup.setup(&arguments.copiers)?,
        data: DataSet {
            records: setup.choose(arguments.records, 4_000_000, 400_000),
            partitions: arguments.partitions,
            compression: arguments.codec.into(),
            record_size: arguments.record_size,
            batch_bytes: arguments.batch_bytes,
            batch_records: arguments.batch_records,
            keys: arguments.keys,
            seed: arguments.seed,
            newest_timestamp: milliseconds_before_now(arguments.age.into()),
        },
        rounds: setup.choose(arguments.rounds, 5, 2),
    };
    let report = complete(measure_replicate(&options))?;
    eprintln!("{}", source_line(&report));
    print(&report, setup.output, table)
}

pub(super) fn milliseconds_before_now(age: Duration) -> i64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.saturating_sub(age).as_millis()).unwrap_or(i64::MAX)
}

fn source_line(report: &ReplicateReport) -> String {
    let (data, source) = (&report.data, &report.source);
    format!(
        "{} records of {} B, {} partitions, {}, {} batches, {:.1} MiB stored",
        source.records,
        data.record_size,
        data.partitions,
        data.compression.name(),
        source.batches,
        mebibytes(source.bytes as f64)
    )
}

fn table(report: &ReplicateReport) -> Table {
    let mut table = Table::new();
    table.set_header(COLUMNS);
    for medians in &report.medians {
        table.add_row(row(report, medians));
    }
    table
}

fn row(report: &ReplicateReport, medians: &CopierMedians) -> Vec<String> {
    vec![
        medians.copier.to_string(),
        format!("{:.0}", medians.records_per_second),
        format!("{:.0}", medians.whole_records_per_second),
        format!("{:.2}", medians.cpu_seconds_per_gib),
        format!("{:.0}", mebibytes(medians.peak_resident_bytes)),
        format!("{:.2}", medians.first_record_seconds),
        format!("{:.1}", mebibytes(medians.target_bytes)),
        medians.other_cpu_percent.map_or_else(String::new, |percent| format!("{percent:.0}")),
        ratio(report, medians.copier, CopierKind::Mm2Tuned),
        ratio(report, medians.copier, CopierKind::Floor),
    ]
}

fn ratio(report: &ReplicateReport, copier: CopierKind, reference: CopierKind) -> String {
    report.ratio(copier, reference).map_or_else(String::new, |ratio| {
        format!("x{:.2}, x{:.3}", ratio.records_per_second.median, ratio.cpu_seconds_per_gib.median)
    })
}
