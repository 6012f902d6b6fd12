//! Quotas, on a real Kafka and on our broker: who uses too much is told for how long it is held back, and is not heard
//! until then.

use std::io::{self, Read};
use std::net::TcpStream;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use strait_cluster_tests::kafka::{CURRENT, Kafka};
use strait_cluster_tests::wait::{self, Attempt};
use strait_cluster_tests::world::World;
use strait_wire::batch::{BatchBuilder, Compression, Stamp};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::alter_client_quotas::{AlterClientQuotasRequest, EntityData, EntryData, OpData};
use strait_wire::message::create_topics::{CreatableTopic, CreateTopicsRequest, CreateTopicsResponse};
use strait_wire::message::describe_client_quotas::{ComponentData, DescribeClientQuotasRequest};
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic};
use strait_wire::message::metadata::{MetadataRequest, MetadataRequestTopic};
use strait_wire::message::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use strait_wire::record_data::RecordData;

use crate::process::Broker;
use crate::wire::Wire;

const LIMIT: Duration = Duration::from_secs(30);

/// Sets a quota of an entity.
fn set(wire: &mut Wire, (kind, name): (&str, &str), key: &str, value: f64) -> Result<()> {
    let entity = EntityData { entity_type: kind.to_owned(), entity_name: Some(name.to_owned()) };
    let ops = vec![OpData { key: key.to_owned(), value, remove: false }];
    let entries = vec![EntryData { entity: vec![entity], ops }];
    let answer = wire.ask(&AlterClientQuotasRequest { entries, validate_only: false }, 1)?;
    assert_eq!(answer.entries[0].error_code, 0, "{answer:?}");
    Ok(())
}

/// Waits until all that was changed before is in force: Kafka's broker takes changes over in their order.
fn settle(wire: &mut Wire, topic: &str) -> Result<()> {
    assert_eq!(make(wire, topic, 1)?.topics[0].error_code, 0);
    let name = Some(topic.to_owned());
    let topics = Some(vec![MetadataRequestTopic { name, ..Default::default() }]);
    let request = MetadataRequest { topics, allow_auto_topic_creation: false, ..Default::default() };
    wait::until("changes are in force", LIMIT, || {
        let answer = wire.ask(&request, 9)?;
        Ok(match answer.topics[0].error_code {
            0 => Attempt::Done(()),
            error => Attempt::NotYet(error.to_string()),
        })
    })
}

/// Bytes of the value of the one record that is produced.
const VALUE: usize = 104_800;

fn produce(wire: &mut Wire) -> Result<i32> {
    let mut builder = BatchBuilder::new(Compression::None, 0);
    builder.push(0, None, Some(&Bytes::from(vec![7; VALUE])), &[]);
    let batch = builder.finish(Stamp::NONE, 0)?;
    let records = Some(RecordData::single(batch.bytes().clone()));
    let partition = PartitionProduceData { index: 0, records };
    let topic =
        TopicProduceData { name: "orders".to_owned(), partition_data: vec![partition], ..Default::default() };
    let request =
        ProduceRequest { acks: 1, timeout_ms: 10_000, topic_data: vec![topic], ..Default::default() };
    let answer = wire.ask(&request, 9)?;
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0, "{answer:?}");
    Ok(answer.throttle_time_ms)
}

fn fetch(wire: &mut Wire) -> Result<FetchResponse> {
    let partition =
        FetchPartition { partition: 0, fetch_offset: 0, partition_max_bytes: 1 << 20, ..Default::default() };
    let topic = FetchTopic { topic: "orders".to_owned(), partitions: vec![partition], ..Default::default() };
    let request = FetchRequest {
        max_wait_ms: 100,
        min_bytes: 1,
        max_bytes: 1 << 20,
        topics: vec![topic],
        session_epoch: -1,
        ..Default::default()
    };
    wire.ask(&request, 12)
}

fn make(wire: &mut Wire, name: &str, partitions: i32) -> Result<CreateTopicsResponse> {
    let topic = CreatableTopic {
        name: name.to_owned(),
        num_partitions: partitions,
        replication_factor: 1,
        ..Default::default()
    };
    wire.ask(&CreateTopicsRequest { topics: vec![topic], timeout_ms: 10_000, ..Default::default() }, 7)
}

/// Whether the client is held back so long: told, and done.
fn is_held_back(wire: &mut Wire, told_ms: i32, expected_ms: RangeInclusive<i32>) -> Result<()> {
    assert!(expected_ms.contains(&told_ms), "{told_ms} ms, expected {expected_ms:?}");
    let since = Instant::now();
    wire.ask(&MetadataRequest::default(), 9)?;
    let silence = since.elapsed();
    // The answer came a little before this clock began.
    assert!(
        silence + Duration::from_millis(50) >= Duration::from_millis(u64::try_from(told_ms)?),
        "{silence:?}"
    );
    Ok(())
}

fn prepare(address: &str) -> Result<()> {
    let mut wire = Wire::open(address, "harness")?;
    set(&mut wire, ("client-id", "writer"), "producer_byte_rate", 10_000.0)?;
    set(&mut wire, ("client-id", "reader"), "consumer_byte_rate", 10_000.0)?;
    set(&mut wire, ("client-id", "maker"), "controller_mutation_rate", 10.0)?;
    set(&mut wire, ("client-id", "busy"), "request_percentage", 0.000_001)?;
    settle(&mut wire, "orders")?;
    let every = ComponentData { entity_type: "client-id".to_owned(), match_type: 2, match_: None };
    let told = wire.ask(&DescribeClientQuotasRequest { components: vec![every], strict: true }, 1)?;
    assert_eq!(told.entries.map(|entries| entries.len()), Some(4));
    Ok(())
}

fn bytes_a_second(address: &str) -> Result<()> {
    let mut writer = Wire::open(address, "writer")?;
    // 10,500 bytes a second over the least span of 10 s: half a second above.
    let told_ms = produce(&mut writer)?;
    is_held_back(&mut writer, told_ms, 450..=600)?;
    let mut reader = Wire::open(address, "reader")?;
    let first = fetch(&mut reader)?;
    assert!(first.responses.is_empty(), "nothing comes with a throttle");
    is_held_back(&mut reader, first.throttle_time_ms, 450..=600)?;
    let mut anybody = Wire::open(address, "anybody")?;
    assert_eq!((produce(&mut anybody)?, fetch(&mut anybody)?.responses.len()), (0, 1));
    Ok(())
}

fn mutations(address: &str) -> Result<()> {
    let mut maker = Wire::open(address, "maker")?;
    let burst = make(&mut maker, "burst", 120)?;
    assert_eq!((burst.topics[0].error_code, burst.throttle_time_ms), (0, 0));
    let refused = make(&mut maker, "refused", 1)?;
    let error = ErrorCode::THROTTLING_QUOTA_EXCEEDED.0;
    assert_eq!((refused.topics[0].error_code, &refused.topics[0].error_message), (error, &None));
    is_held_back(&mut maker, refused.throttle_time_ms, 1..=1_000)
}

fn requests(address: &str) -> Result<()> {
    let mut busy = Wire::open(address, "busy")?;
    let told_ms = busy.ask(&MetadataRequest::default(), 9)?.throttle_time_ms;
    is_held_back(&mut busy, told_ms, 1..=1_000)
}

fn connections(address: &str) -> Result<()> {
    let mut present = Wire::open(address, "harness")?;
    set(&mut present, ("ip", "127.0.0.1"), "connection_creation_rate", 1.0)?;
    settle(&mut present, "settled")?;
    let mut streams = (0..30).map(|_| TcpStream::connect(address)).collect::<io::Result<Vec<_>>>()?;
    streams.iter().try_for_each(|stream| stream.set_nonblocking(true))?;
    wait::until("those beyond the quota are closed", LIMIT, || {
        let closed = streams.iter_mut().filter_map(|stream| stream.read(&mut [0; 1]).ok()).count();
        Ok(if closed > 0 { Attempt::Done(()) } else { Attempt::NotYet("all are open".to_owned()) })
    })?;
    present.ask(&MetadataRequest::default(), 9).context("who was there before")?;
    Ok(())
}

#[test]
fn quotas_hold_clients_back() {
    let Some(world) = World::enter("quotas_hold_clients_back") else { return };
    let kafka = Kafka::start(CURRENT).expect("a real Kafka");
    let mut ours = Broker::start(&world.folder().join("ours"), &[]).expect("our broker");
    for address in [kafka.address(), ours.address()] {
        prepare(&address).expect("quotas");
        bytes_a_second(&address).expect("bytes");
        mutations(&address).expect("mutations");
        requests(&address).expect("requests");
    }
    ours.kill().expect("killed");
    ours.restart().expect("started");
    let mut writer = Wire::open(&ours.address(), "writer").expect("connected");
    let told_ms = produce(&mut writer).expect("produced");
    is_held_back(&mut writer, told_ms, 450..=600).expect("quotas outlive a restart");
    for address in [kafka.address(), ours.address()] {
        connections(&address).expect("connections");
    }
}
