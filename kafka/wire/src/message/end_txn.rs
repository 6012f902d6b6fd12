//! EndTxn (API key 26), versions 0 to 5, flexible from 3.
//!
//! - 5: each transaction raises the epoch, and the answer names the next id and epoch (KIP-890)

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 26, versions = "0-5", flexible = "3+", response = EndTxnResponse)]
pub struct EndTxnRequest {
    #[field(versions = "0+")]
    pub transactional_id: String,
    #[field(versions = "0+")]
    pub producer_id: i64,
    #[field(versions = "0+")]
    pub producer_epoch: i16,
    #[field(versions = "0+")]
    pub committed: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 26, versions = "0-5", flexible = "3+")]
pub struct EndTxnResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "5+", default = "-1", ignorable)]
    pub producer_id: i64,
    #[field(versions = "5+", default = "-1", ignorable)]
    pub producer_epoch: i16,
}
