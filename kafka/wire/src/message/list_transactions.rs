//! ListTransactions (API key 66), versions 0 to 2, flexible from 0.
//!
//! - 1: filter by duration (KIP-994)
//! - 2: filter by a pattern of ids (KIP-1152)

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 66, versions = "0-2", flexible = "0+", response = ListTransactionsResponse)]
pub struct ListTransactionsRequest {
    #[field(versions = "0+")]
    pub state_filters: Vec<String>,
    #[field(versions = "0+")]
    pub producer_id_filters: Vec<i64>,
    #[field(versions = "1+", default = "-1")]
    pub duration_filter: i64,
    #[field(versions = "2+", nullable = "2+", default = "null")]
    pub transactional_id_pattern: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 66, versions = "0-2", flexible = "0+")]
pub struct ListTransactionsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+")]
    pub unknown_state_filters: Vec<String>,
    #[field(versions = "0+")]
    pub transaction_states: Vec<TransactionState>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct TransactionState {
    #[field(versions = "0+")]
    pub transactional_id: String,
    #[field(versions = "0+")]
    pub producer_id: i64,
    #[field(versions = "0+")]
    pub transaction_state: String,
}
