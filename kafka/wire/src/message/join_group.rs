//! JoinGroup (API key 11), versions 0 to 9, flexible from 6.
//!
//! - 4: a second request with the id that was given (KIP-394)
//! - 5: static members (KIP-345)
//! - 7: the protocol type in the answer (KIP-559)
//! - 8: the reason (KIP-800)
//! - 9: the leader may skip the assignment (KIP-814)

use bytes::Bytes;

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 11, versions = "0-9", flexible = "6+", response = JoinGroupResponse)]
pub struct JoinGroupRequest {
    #[field(versions = "0+")]
    pub group_id: String,
    #[field(versions = "0+")]
    pub session_timeout_ms: i32,
    #[field(versions = "1+", default = "-1", ignorable)]
    pub rebalance_timeout_ms: i32,
    #[field(versions = "0+")]
    pub member_id: String,
    #[field(versions = "5+", nullable = "5+", default = "null")]
    pub group_instance_id: Option<String>,
    #[field(versions = "0+")]
    pub protocol_type: String,
    #[field(versions = "0+")]
    pub protocols: Vec<JoinGroupRequestProtocol>,
    #[field(versions = "8+", nullable = "8+", default = "null", ignorable)]
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct JoinGroupRequestProtocol {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub metadata: Bytes,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 11, versions = "0-9", flexible = "6+")]
pub struct JoinGroupResponse {
    #[field(versions = "2+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", default = "-1")]
    pub generation_id: i32,
    #[field(versions = "7+", nullable = "7+", default = "null", ignorable)]
    pub protocol_type: Option<String>,
    #[field(versions = "0+", nullable = "7+")]
    pub protocol_name: Option<String>,
    #[field(versions = "0+")]
    pub leader: String,
    #[field(versions = "9+")]
    pub skip_assignment: bool,
    #[field(versions = "0+")]
    pub member_id: String,
    #[field(versions = "0+")]
    pub members: Vec<JoinGroupResponseMember>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct JoinGroupResponseMember {
    #[field(versions = "0+")]
    pub member_id: String,
    #[field(versions = "5+", nullable = "5+", default = "null", ignorable)]
    pub group_instance_id: Option<String>,
    #[field(versions = "0+")]
    pub metadata: Bytes,
}
