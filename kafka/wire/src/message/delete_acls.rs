//! DeleteAcls (API key 31), versions 1 to 3, flexible from 2.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 31, versions = "1-3", flexible = "2+", response = DeleteAclsResponse)]
pub struct DeleteAclsRequest {
    #[field(versions = "0+")]
    pub filters: Vec<DeleteAclsFilter>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteAclsFilter {
    #[field(versions = "0+")]
    pub resource_type_filter: i8,
    #[field(versions = "0+", nullable = "0+")]
    pub resource_name_filter: Option<String>,
    #[field(versions = "1+", default = "3")]
    pub pattern_type_filter: i8,
    #[field(versions = "0+", nullable = "0+")]
    pub principal_filter: Option<String>,
    #[field(versions = "0+", nullable = "0+")]
    pub host_filter: Option<String>,
    #[field(versions = "0+")]
    pub operation: i8,
    #[field(versions = "0+")]
    pub permission_type: i8,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 31, versions = "1-3", flexible = "2+")]
pub struct DeleteAclsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub filter_results: Vec<DeleteAclsFilterResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteAclsFilterResult {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub matching_acls: Vec<DeleteAclsMatchingAcl>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeleteAclsMatchingAcl {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub resource_type: i8,
    #[field(versions = "0+")]
    pub resource_name: String,
    #[field(versions = "1+", default = "3")]
    pub pattern_type: i8,
    #[field(versions = "0+")]
    pub principal: String,
    #[field(versions = "0+")]
    pub host: String,
    #[field(versions = "0+")]
    pub operation: i8,
    #[field(versions = "0+")]
    pub permission_type: i8,
}
