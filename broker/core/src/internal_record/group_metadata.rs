//! `GroupMetadataKey` and `GroupMetadataValue`: generation, protocol, members and assignments of a classic group.

use bytes::Bytes;
use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 2, versions = "0", flexible = "none")]
pub struct GroupMetadataKey {
    #[field(versions = "0")]
    pub group: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 2, versions = "0-4", flexible = "4+")]
pub struct GroupMetadataValue {
    #[field(versions = "0+")]
    pub protocol_type: String,
    #[field(versions = "0+")]
    pub generation: i32,
    #[field(versions = "0+", nullable = "0+")]
    pub protocol: Option<String>,
    #[field(versions = "0+", nullable = "0+")]
    pub leader: Option<String>,
    #[field(versions = "2+", default = "-1", ignorable)]
    pub current_state_timestamp: i64,
    #[field(versions = "0+")]
    pub members: Vec<MemberMetadata>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct MemberMetadata {
    #[field(versions = "0+")]
    pub member_id: String,
    #[field(versions = "3+", nullable = "3+", default = "null", ignorable)]
    pub group_instance_id: Option<String>,
    #[field(versions = "0+")]
    pub client_id: String,
    #[field(versions = "0+")]
    pub client_host: String,
    #[field(versions = "1+", default = "-1", ignorable)]
    pub rebalance_timeout: i32,
    #[field(versions = "0+")]
    pub session_timeout: i32,
    #[field(versions = "0+")]
    pub subscription: Bytes,
    #[field(versions = "0+")]
    pub assignment: Bytes,
}
