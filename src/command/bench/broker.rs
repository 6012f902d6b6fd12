//! `strait bench broker`: arguments in, tables or JSON out.

use std::path::PathBuf;

use clap::ValueEnum;
use comfy_table::Table;
use strait_bench::{
    BrokerKind, BrokerOptions, BrokerReport, Compression, Driver as DriverKind, Figures, Line, measure_broker,
};

use super::options::{Codec, SetupArguments};
use super::replicate::milliseconds_before_now;
use super::{complete, mebibytes, print};
use crate::Failure;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    setup: SetupArguments,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "strait,kafka")]
    brokers: Vec<Broker>,
    /// Another build of Strait, for `--brokers strait,baseline`.
    #[arg(long, value_name = "PROGRAM", default_value = "strait")]
    baseline: PathBuf,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "encoded,java")]
    drivers: Vec<Driver>,
    /// librdkafka's program rdkafka_performance, for `--drivers librdkafka`.
    #[arg(long, value_name = "PROGRAM", default_value = "rdkafka_performance")]
    rdkafka_performance: PathBuf,
    /// Bytes of a record's value.
    #[arg(long, value_delimiter = ',', default_value = "100,1024,102400")]
    record_size: Vec<usize>,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "none,lz4,zstd")]
    codec: Vec<Codec>,
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    /// Bytes of an encoded batch before compression.
    #[arg(long, default_value_t = 16_384)]
    batch_bytes: usize,
    /// Connections by which the driver `encoded` sends.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    senders: u16,
    /// Connections by which it reads.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    readers: u16,
    /// MiB of batches that a task of the driver `encoded` produces; 1024, with --quick 128.
    #[arg(long)]
    mebibytes: Option<u64>,
    /// MiB of values that a task of another driver produces; 256, with --quick 32.
    #[arg(long)]
    tool_mebibytes: Option<u64>,
    /// Runs of each task on each broker; 6, with --quick 2.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Starts of each broker on an empty folder; 5, with --quick 1.
    #[arg(long)]
    starts: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Broker {
    Strait,
    Baseline,
    Kafka,
}

#[derive(Clone, Copy, ValueEnum)]
enum Driver {
    Encoded,
    Java,
    Librdkafka,
}

const LINE_COLUMNS: [&str; 11] = [
    "driver",
    "work",
    "bytes",
    "codec",
    "records/s",
    "ratio",
    "CPU-s/GiB",
    "ratio",
    "ms p50 / p99",
    "driver CPU %",
    "driver user %",
];
const BROKER_COLUMNS: [&str; 4] = ["broker", "first record s", "idle RSS MiB", "peak RSS MiB"];

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let setup = &arguments.setup;
    let brokers = arguments.brokers.iter().map(|broker| match broker {
        Broker::Strait => BrokerKind::Strait,
        Broker::Baseline => BrokerKind::Baseline,
        Broker::Kafka => BrokerKind::Kafka,
    });
    let drivers = arguments.drivers.iter().map(|driver| match driver {
        Driver::Encoded => DriverKind::Encoded,
        Driver::Java => DriverKind::Java,
        Driver::Librdkafka => DriverKind::Librdkafka,
    });
    let options = BrokerOptions {
        setup: setup.setup(&[])?,
        brokers: brokers.collect(),
        baseline: arguments.baseline.clone(),
        drivers: drivers.collect(),
        rdkafka_performance: arguments.rdkafka_performance.clone(),
        record_sizes: arguments.record_size.clone(),
        codecs: arguments.codec.iter().map(|codec| Compression::from(*codec)).collect(),
        partitions: arguments.partitions,
        batch_bytes: arguments.batch_bytes,
        senders: usize::from(arguments.senders),
        readers: usize::from(arguments.readers),
        bytes: setup.choose(arguments.mebibytes, 1_024, 128) << 20,
        tool_bytes: setup.choose(arguments.tool_mebibytes, 256, 32) << 20,
        rounds: setup.choose(arguments.rounds, 6, 2),
        starts: setup.choose(arguments.starts, 5, 1),
        newest_timestamp: milliseconds_before_now(std::time::Duration::ZERO),
    };
    let report = complete(measure_broker(&options))?;
    print(&report, setup.output, table)
}

/// The figures of all brokers in one cell.
fn table(report: &BrokerReport) -> String {
    let mut lines = Table::new();
    lines.set_header(LINE_COLUMNS);
    for line in &report.lines {
        lines.add_row(row(line));
    }
    let mut brokers = Table::new();
    brokers.set_header(BROKER_COLUMNS);
    for broker in &report.brokers {
        brokers.add_row([
            broker.broker.name().to_owned(),
            broker.first_record_seconds.map_or_else(String::new, |seconds| format!("{seconds:.3}")),
            broker.idle_resident_bytes.map_or_else(String::new, |bytes| format!("{:.1}", mebibytes(bytes))),
            format!("{:.1}", mebibytes(broker.peak_resident_bytes as f64)),
        ]);
    }
    let order: Vec<&str> = report
        .lines
        .first()
        .map_or_else(Vec::new, |line| line.brokers.iter().map(|(broker, _)| broker.name()).collect());
    format!(
        "{lines}\n{brokers}\nfigures in one cell: {}; ratio: the first against the second",
        order.join(" | ")
    )
}

fn row(line: &Line) -> [String; 11] {
    let each = |show: fn(&Figures) -> Option<String>| {
        let shown: Vec<String> = line.brokers.iter().filter_map(|(_, figures)| show(figures)).collect();
        shown.join(" | ")
    };
    let ratio = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("x{ratio:.2}"));
    let task = line.task;
    [
        task.driver.name().to_owned(),
        task.work.name().to_owned(),
        task.record_size.to_string(),
        task.compression.name().to_owned(),
        each(|figures| Some(format!("{:.0}", figures.records_per_second))),
        ratio(line.rate_ratio),
        each(|figures| Some(format!("{:.2}", figures.cpu_seconds_per_gib))),
        ratio(line.cpu_ratio),
        each(|figures| Some(format!("{:.1} / {:.1}", figures.milliseconds_p50?, figures.milliseconds_p99?))),
        each(|figures| Some(format!("{:.0}", figures.driver_cpu_percent?))),
        each(|figures| Some(format!("{:.1}", figures.driver_user_percent?))),
    ]
}
