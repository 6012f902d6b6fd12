//! `strait bench broker`: arguments in, table or JSON out.

use clap::ValueEnum;
use comfy_table::Table;
use strait_bench::{BrokerKind, BrokerOptions, BrokerReport, DataSet, measure_broker};

use super::options::{Codec, SetupArguments};
use super::replicate::milliseconds_before_now;
use super::{complete, mebibytes, print};
use crate::Failure;

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    setup: SetupArguments,
    /// MiB to produce; 2048, with --quick 256.
    #[arg(long)]
    mebibytes: Option<u64>,
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: i32,
    #[arg(long, value_enum, default_value_t = Codec::None)]
    codec: Codec,
    /// Bytes of a record's value.
    #[arg(long, default_value_t = 100)]
    record_size: usize,
    /// Bytes of a batch before compression.
    #[arg(long, default_value_t = 16_384)]
    batch_bytes: usize,
    #[arg(long, value_enum, value_delimiter = ',', default_value = "strait,kafka")]
    brokers: Vec<Broker>,
    /// Runs of each broker; 4, with --quick 2.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Broker {
    Strait,
    Kafka,
}

/// Bytes of records that are encoded before.
const ENCODED_BYTES: u64 = 48 << 20;
const COLUMNS: [&str; 7] = [
    "broker",
    "produced/s",
    "produce CPU-s/GiB",
    "driver CPU %",
    "fetched/s",
    "fetch CPU-s/GiB",
    "peak RSS MiB",
];

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let setup = &arguments.setup;
    let brokers = arguments.brokers.iter().map(|broker| match broker {
        Broker::Strait => BrokerKind::Strait,
        Broker::Kafka => BrokerKind::Kafka,
    });
    let options = BrokerOptions {
        setup: setup.setup(&[])?,
        brokers: brokers.collect(),
        data: DataSet {
            records: (ENCODED_BYTES / arguments.record_size.max(1) as u64).max(100),
            partitions: arguments.partitions,
            compression: arguments.codec.into(),
            record_size: arguments.record_size,
            batch_bytes: arguments.batch_bytes,
            batch_records: None,
            keys: false,
            seed: 1,
            newest_timestamp: milliseconds_before_now(std::time::Duration::ZERO),
        },
        bytes: setup.choose(arguments.mebibytes, 2_048, 256) << 20,
        rounds: setup.choose(arguments.rounds, 4, 2),
    };
    let report = complete(measure_broker(&options))?;
    print(&report, setup.output, table)
}

fn table(report: &BrokerReport) -> Table {
    let mut table = Table::new();
    table.set_header(COLUMNS);
    for broker in &report.brokers {
        table.add_row([
            broker.broker.name().to_owned(),
            format!("{:.0}", broker.produced_per_second),
            format!("{:.2}", broker.produce_cpu_seconds_per_gib),
            format!("{:.1}", broker.driver_cpu_percent),
            format!("{:.0}", broker.fetched_per_second),
            format!("{:.2}", broker.fetch_cpu_seconds_per_gib),
            format!("{:.1}", mebibytes(broker.peak_resident_bytes as f64)),
        ]);
    }
    table
}
