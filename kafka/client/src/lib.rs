//! A Kafka client that moves closed batches: connections, metadata, administration, single fetches and produces.

// How a cluster is reached.
mod config;
// What can go wrong.
mod error;
// One connection: what carries its bytes, its frames, its task, its requests and answers, the versions both sides
// speak, the broker's wish to be left alone.
mod connection;
mod exchange;
mod frames;
mod io_task;
mod negotiation;
mod reserved;
mod shared;
mod throttle;
mod transport;
// Who the broker is and who we are.
mod security;
// What a cluster says of itself.
mod metadata;
// Connections to all brokers of a cluster.
mod cluster;
// When an operation is tried again.
mod retry;
// Topics and their partitions.
mod admin;
mod deletion;
// Who writes, and who may.
mod acls;
mod producers;
// How much, and users with passwords.
mod client_quotas;
mod scram_users;
// Settings of topics and of brokers.
mod broker_configs;
mod topic_configs;
// Questions that only leaders can answer.
mod leaders;
// Which broker coordinates what, and transactions.
mod coordinator;
mod transaction;
// Groups, from outside.
mod groups;
// Ends of partitions and of leaders' epochs.
mod leader_epochs;
mod offsets;
// One batch, one outcome.
mod produce;
// Settings by Kafka's names.
mod settings;
// Records out and in.
mod consumer;
mod producer;

pub use acls::{Acl, AclResults};
pub use admin::{NewPartitions, NewTopic, ProducerIdentity, TopicResults};
pub use client_quotas::{ClientQuota, ClientQuotaChange, QuotaEntity, QuotaResults};
pub use cluster::Cluster;
pub use config::ClientConfig;
pub use connection::Connection;
pub use consumer::{
    AutoOffsetReset, Consumer, ConsumerConfig, ConsumerError, ConsumerGroupMetadata, ConsumerRecord, GroupId,
    GroupProtocol, OffsetAndMetadata, Offsets, PendingCommit, RebalanceListener, Strategy,
    assigned_partitions,
};
pub use coordinator::CoordinatorKey;
pub use error::{BrokerError, ClientError, ConnectionError, UnsupportedApiError};
pub use exchange::{Call, Pending};
pub use groups::{
    CommittedOffset, CommittedOffsets, GroupCommitter, GroupDescription, GroupListing, GroupMember,
    GroupResults, Membership, MembershipConfig, Round,
};
pub use leader_epochs::EpochEnd;
pub use leaders::{PartitionResults, TopicPartition};
pub use metadata::{Broker, Metadata, Partition, Topic};
pub use offsets::{IsolationLevel, ListOffsetsAt, OffsetAt, PartitionOffsets};
pub use produce::{ProduceOutcome, produce_once};
pub use producer::{
    Acks, Delivery, Producer, ProducerConfig, ProducerError, ProducerRecord, RecordMetadata,
    partition_for_key,
};
pub use producers::{ActiveProducer, TransactionDescriptions, TransactionListing};
pub use scram_users::{ScramUser, ScramUserResults};
pub use security::{
    ClientIdentity, Identity, SaltedPassword, SaslConfig, ScramHash, Secret, SecretSource, Security,
    SecurityError, Store, TlsConfig, Trust, system_trust, trusted_from_pem,
};
pub use settings::{Chosen, SettingError};
pub use strait_wire::batch::Header;
pub use strait_wire::error_code::ErrorCode;
pub use topic_configs::{TopicConfig, TopicConfigChange, TopicConfigs};
pub use transaction::{
    TRANSACTIONAL_PRODUCE_VERSION, TransactionCoordinator, TransactionDescription, TransactionResult,
};
pub use transport::{BoxedStream, Opening, Stream, Tcp, Transport};
