//! `TransactionLogKey` and `TransactionLogValue`: where a transaction stands.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 0, versions = "0", flexible = "none")]
pub struct TransactionLogKey {
    #[field(versions = "0")]
    pub transactional_id: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 0, versions = "0-1", flexible = "1+")]
pub struct TransactionLogValue {
    #[field(versions = "0+")]
    pub producer_id: i64,
    #[field(versions = "1+", tag = 0, tagged = "1+", default = "-1")]
    pub previous_producer_id: i64,
    #[field(versions = "1+", tag = 1, tagged = "1+", default = "-1")]
    pub next_producer_id: i64,
    #[field(versions = "0+")]
    pub producer_epoch: i16,
    #[field(versions = "1+", tag = 3, tagged = "1+", default = "-1")]
    pub next_producer_epoch: i16,
    #[field(versions = "0+")]
    pub transaction_timeout_ms: i32,
    #[field(versions = "0+")]
    pub transaction_status: i8,
    #[field(versions = "0+", nullable = "0+")]
    pub transaction_partitions: Option<Vec<PartitionsSchema>>,
    #[field(versions = "0+")]
    pub transaction_last_update_timestamp_ms: i64,
    #[field(versions = "0+")]
    pub transaction_start_timestamp_ms: i64,
    #[field(versions = "1+", tag = 2, tagged = "1+")]
    pub client_transaction_version: i16,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct PartitionsSchema {
    #[field(versions = "0+")]
    pub topic: String,
    #[field(versions = "0+")]
    pub partition_ids: Vec<i32>,
}
