//! DescribeGroups (API key 15), versions 0 to 6, flexible from 5.
//!
//! - 3: operations allowed on a group
//! - 4: static members (KIP-345)
//! - 6: an error for groups that do not exist (KIP-1043)

use bytes::Bytes;

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 15, versions = "0-6", flexible = "5+", response = DescribeGroupsResponse)]
pub struct DescribeGroupsRequest {
    #[field(versions = "0+")]
    pub groups: Vec<String>,
    #[field(versions = "3+")]
    pub include_authorized_operations: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 15, versions = "0-6", flexible = "5+")]
pub struct DescribeGroupsResponse {
    #[field(versions = "1+", ignorable)]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub groups: Vec<DescribedGroup>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribedGroup {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "6+", nullable = "6+", default = "null")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub group_id: String,
    #[field(versions = "0+")]
    pub group_state: String,
    #[field(versions = "0+")]
    pub protocol_type: String,
    #[field(versions = "0+")]
    pub protocol_data: String,
    #[field(versions = "0+")]
    pub members: Vec<DescribedGroupMember>,
    #[field(versions = "3+", default = "-2147483648")]
    pub authorized_operations: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribedGroupMember {
    #[field(versions = "0+")]
    pub member_id: String,
    #[field(versions = "4+", nullable = "4+", default = "null", ignorable)]
    pub group_instance_id: Option<String>,
    #[field(versions = "0+")]
    pub client_id: String,
    #[field(versions = "0+")]
    pub client_host: String,
    #[field(versions = "0+")]
    pub member_metadata: Bytes,
    #[field(versions = "0+")]
    pub member_assignment: Bytes,
}
