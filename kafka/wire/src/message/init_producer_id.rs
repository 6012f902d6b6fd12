//! InitProducerId (API key 22), versions 0 to 6, flexible from 2.
//!
//! - 3: a producer may resume with its id and epoch (KIP-360)
//! - 6: two phase commit (KIP-939)

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 22, versions = "0-6", flexible = "2+", response = InitProducerIdResponse)]
pub struct InitProducerIdRequest {
    #[field(versions = "0+", nullable = "0+")]
    pub transactional_id: Option<String>,
    #[field(versions = "0+")]
    pub transaction_timeout_ms: i32,
    #[field(versions = "3+", default = "-1")]
    pub producer_id: i64,
    #[field(versions = "3+", default = "-1")]
    pub producer_epoch: i16,
    #[field(versions = "6+")]
    pub enable2_pc: bool,
    #[field(versions = "6+")]
    pub keep_prepared_txn: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 22, versions = "0-6", flexible = "2+")]
pub struct InitProducerIdResponse {
    #[field(versions = "0+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", default = "-1")]
    pub producer_id: i64,
    #[field(versions = "0+")]
    pub producer_epoch: i16,
    #[field(versions = "6+", default = "-1")]
    pub ongoing_txn_producer_id: i64,
    #[field(versions = "6+", default = "-1")]
    pub ongoing_txn_producer_epoch: i16,
}
