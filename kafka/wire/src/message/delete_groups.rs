//! DeleteGroups (API key 42), versions 0 to 2, flexible from 2.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 42, versions = "0-2", flexible = "2+", response = DeleteGroupsResponse)]
pub struct DeleteGroupsRequest {
    #[field(versions = "0+")]
    pub groups_names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 42, versions = "0-2", flexible = "2+")]
pub struct DeleteGroupsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub results: Vec<DeletableGroupResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeletableGroupResult {
    #[field(versions = "0+")]
    pub group_id: String,
    #[field(versions = "0+")]
    pub error_code: i16,
}
