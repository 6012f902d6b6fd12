//! A broker with many partitions: how long it takes to make them, how soon the first record is acknowledged after a kill,
//! what it costs in memory. `STRAIT_PARTITIONS` (300; by hand 10,000); with `STRAIT_BESIDE=1` Apache Kafka does the same.

use std::time::{Duration, Instant};

use anyhow::Result;
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::admin;
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::settings;
use strait_cluster_tests::usage::Usage;
use strait_cluster_tests::world::World;
use strait_cluster_tests::writer::Writer;

use crate::client;
use crate::process::Broker;

const STEP: i32 = 2_000;

/// A record for each partition.
fn write_each(address: &str, partitions: i32) -> Result<()> {
    let mut writer = Writer::open(address, &[("linger.ms", "100")])?;
    for partition in 0..partitions {
        writer.send(BaseRecord::<str, str>::to("many").partition(partition).payload("value"))?;
    }
    writer.flush()?;
    Ok(())
}

/// Until one record is acknowledged.
fn first_record(address: &str) -> Result<()> {
    let mut writer = Writer::open(address, &[("linger.ms", "0"), ("enable.idempotence", "false")])?;
    writer.send(BaseRecord::<str, str>::to("many").partition(0).payload("first"))?;
    writer.flush()?;
    Ok(())
}

/// Kafka's controller takes 10,000 records at a time, some for each partition.
fn make_in_steps(kafka: &Kafka, partitions: i32) -> Result<()> {
    admin::create(kafka, "many", partitions.min(STEP), &[])?;
    let further = (1..).map(|step| (step + 1) * STEP).take_while(|total| *total - STEP < partitions);
    further.map(|total| total.min(partitions)).try_for_each(|total| admin::widen(kafka, "many", total))
}

fn timed<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Duration {
    let begun = Instant::now();
    work().expect(what);
    println!("{what}: {:?}", begun.elapsed());
    begun.elapsed()
}

#[test]
fn many_partitions_cost_little() {
    let Some(world) = World::enter("many_partitions_cost_little") else { return };
    let partitions =
        i32::try_from(settings::number("STRAIT_PARTITIONS", 300)).expect("a number of partitions");
    let mut broker = Broker::start(&world.folder().join("a"), &[]).expect("a broker");
    let address = broker.address();
    timed("partitions made", || client::create(&address, "many", partitions, &[]));
    timed("a record in each", || write_each(&address, partitions));
    broker.kill().expect("killed");
    let after_kill = timed("first record after a kill", || {
        broker.restart()?;
        first_record(&address)
    });
    let usage = Usage::of(broker.process_id().expect("it runs")).expect("the process");
    let budget_mib = 40.0 + 0.026 * f64::from(partitions);
    println!("{partitions} partitions: at most {:.0} MiB resident", usage.peak_mib);
    assert!(usage.peak_mib < budget_mib, "{} MiB of {budget_mib} MiB", usage.peak_mib);
    write_each(&address, partitions).expect("written");
    timed("stopped", || broker.stop());
    timed("first record after a good end", || {
        broker.restart()?;
        first_record(&address)
    });
    broker.stop().expect("a good end");
    if settings::number("STRAIT_BESIDE", 0) == 0 {
        return;
    }
    let kafka = Kafka::start(CURRENT).expect("Apache Kafka");
    timed("Kafka: partitions made", || make_in_steps(&kafka, partitions));
    timed("Kafka: a record in each", || write_each(&kafka.address(), partitions));
    kafka.kill().expect("killed");
    let beside = timed("Kafka: first record after a kill", || {
        kafka.restart()?;
        first_record(&kafka.address())
    });
    println!("{:.2} of Apache Kafka's time", after_kill.as_secs_f64() / beside.as_secs_f64());
}
