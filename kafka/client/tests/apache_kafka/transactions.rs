//! Transactions: what is committed is seen, what is aborted is not, an earlier owner is fenced.

use std::time::Duration;

use bytes::Bytes;
use strait_client::{
    ClientError, Cluster, IsolationLevel, ListOffsetsAt, ProducerIdentity, TRANSACTIONAL_PRODUCE_VERSION,
    TransactionCoordinator, TransactionResult,
};
use strait_cluster_tests::kafka::{CURRENT, Kafka, ZOOKEEPER_2_8};
use strait_cluster_tests::world::World;
use strait_wire::batch::{BatchBuilder, Compression, Stamp};
use strait_wire::error_code::{ErrorClass, ErrorCode};
use strait_wire::message::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use strait_wire::record_data::RecordData;

use crate::{block_on, config_of, create};

const TIMEOUT: Duration = Duration::from_secs(60);

fn partition() -> (String, i32) {
    ("orders".to_owned(), 0)
}

async fn produce(cluster: &Cluster, identity: ProducerIdentity, base_sequence: i32) {
    let mut batch = BatchBuilder::new(Compression::None, 0);
    batch.push(0, None, Some(&Bytes::from_static(b"one")), &[]);
    let ProducerIdentity { producer_id, producer_epoch } = identity;
    let stamp = Stamp { producer_id, producer_epoch, base_sequence, transactional: true };
    let batch = batch.finish(stamp, 0).expect("a batch");
    let records = Some(RecordData::single(batch.bytes().clone()));
    let request = ProduceRequest {
        transactional_id: Some("mover".to_owned()),
        acks: -1,
        timeout_ms: 10_000,
        topic_data: vec![TopicProduceData {
            name: "orders".to_owned(),
            partition_data: vec![PartitionProduceData { index: 0, records }],
            ..TopicProduceData::default()
        }],
    };
    let leader = cluster.metadata().await.topics["orders"].partitions[&0].leader;
    let connection = cluster.connection_to(leader).await.expect("a connection");
    let version =
        connection.version_of::<ProduceRequest>().expect("a version").min(TRANSACTIONAL_PRODUCE_VERSION);
    let response = connection.call_at(&request, version).await.expect("an answer");
    assert_eq!(ErrorCode(response.responses[0].partition_responses[0].error_code), ErrorCode::NONE);
}

async fn end_of(cluster: &Cluster) -> i64 {
    let level = IsolationLevel::ReadCommitted;
    let ends = cluster.list_offsets(&[partition()], ListOffsetsAt::Latest, level).await.expect("an answer");
    ends[0].1.as_ref().expect("an end").offset
}

#[test]
fn transactions_are_committed_aborted_and_fenced() {
    let Some(_world) = World::enter("transactions_are_committed_aborted_and_fenced") else { return };
    for release in [CURRENT, ZOOKEEPER_2_8] {
        let kafka = Kafka::start(release).expect("a broker");
        block_on(async {
            let cluster = Cluster::connect(config_of(&kafka)).await.expect("connected");
            create(&cluster, "orders", 1, &[]).await;
            let coordinator = TransactionCoordinator::new(cluster.clone(), "mover");
            let identity = coordinator.init_producer_id(TIMEOUT).await.expect("an identity");
            for (sequence, end) in [(0, TransactionResult::Commit), (1, TransactionResult::Abort)] {
                let before = end_of(&cluster).await;
                coordinator.add_partitions(identity, &[partition()]).await.expect("added");
                produce(&cluster, identity, sequence).await;
                assert_eq!(end_of(&cluster).await, before, "an open transaction is not seen");
                coordinator.end(identity, end).await.expect("ended");
                coordinator.end(identity, end).await.expect("the answer may be asked for again");
            }
            let newer = TransactionCoordinator::new(cluster.clone(), "mover");
            let owner = newer.init_producer_id(TIMEOUT).await.expect("an identity");
            assert!(owner.producer_epoch > identity.producer_epoch);
            let refused = coordinator.add_partitions(identity, &[partition()]).await;
            let Err(ClientError::Broker { error, .. }) = refused else { panic!("{refused:?}") };
            assert_eq!(error.code.class(), ErrorClass::Fenced, "{error}");
            newer.add_partitions(owner, &[partition()]).await.expect("added");
        });
    }
}
