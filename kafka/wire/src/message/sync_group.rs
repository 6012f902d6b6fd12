//! SyncGroup (API key 14), versions 0 to 5, flexible from 4.
//!
//! - 3: static members (KIP-345)
//! - 5: protocol type and name (KIP-559)

use bytes::Bytes;

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 14, versions = "0-5", flexible = "4+", response = SyncGroupResponse)]
pub struct SyncGroupRequest {
    #[field(versions = "0+")]
    pub group_id: String,
    #[field(versions = "0+")]
    pub generation_id: i32,
    #[field(versions = "0+")]
    pub member_id: String,
    #[field(versions = "3+", nullable = "3+", default = "null")]
    pub group_instance_id: Option<String>,
    #[field(versions = "5+", nullable = "5+", default = "null", ignorable)]
    pub protocol_type: Option<String>,
    #[field(versions = "5+", nullable = "5+", default = "null", ignorable)]
    pub protocol_name: Option<String>,
    #[field(versions = "0+")]
    pub assignments: Vec<SyncGroupRequestAssignment>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct SyncGroupRequestAssignment {
    #[field(versions = "0+")]
    pub member_id: String,
    #[field(versions = "0+")]
    pub assignment: Bytes,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 14, versions = "0-5", flexible = "4+")]
pub struct SyncGroupResponse {
    #[field(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "5+", nullable = "5+", default = "null", ignorable)]
    pub protocol_type: Option<String>,
    #[field(versions = "5+", nullable = "5+", default = "null", ignorable)]
    pub protocol_name: Option<String>,
    #[field(versions = "0+")]
    pub assignment: Bytes,
}
