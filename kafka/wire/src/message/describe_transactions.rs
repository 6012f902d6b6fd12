//! DescribeTransactions (API key 65), versions 0 to 0, flexible from 0.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 65, versions = "0", flexible = "0+", response = DescribeTransactionsResponse)]
pub struct DescribeTransactionsRequest {
    #[field(versions = "0+")]
    pub transactional_ids: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 65, versions = "0", flexible = "0+")]
pub struct DescribeTransactionsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub transaction_states: Vec<TransactionState>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TransactionState {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+")]
    pub transactional_id: String,
    #[field(versions = "0+")]
    pub transaction_state: String,
    #[field(versions = "0+")]
    pub transaction_timeout_ms: i32,
    #[field(versions = "0+")]
    pub transaction_start_time_ms: i64,
    #[field(versions = "0+")]
    pub producer_id: i64,
    #[field(versions = "0+")]
    pub producer_epoch: i16,
    #[field(versions = "0+")]
    pub topics: Vec<TopicData>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicData {
    #[field(versions = "0+")]
    pub topic: String,
    #[field(versions = "0+")]
    pub partitions: Vec<i32>,
}
