//! AddOffsetsToTxn (API key 25), versions 0 to 4, flexible from 3.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 25, versions = "0-4", flexible = "3+", response = AddOffsetsToTxnResponse)]
pub struct AddOffsetsToTxnRequest {
    #[field(versions = "0+")]
    pub transactional_id: String,
    #[field(versions = "0+")]
    pub producer_id: i64,
    #[field(versions = "0+")]
    pub producer_epoch: i16,
    #[field(versions = "0+")]
    pub group_id: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 25, versions = "0-4", flexible = "3+")]
pub struct AddOffsetsToTxnResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
}
