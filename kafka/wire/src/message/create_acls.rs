//! CreateAcls (API key 30), versions 1 to 3, flexible from 2.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 30, versions = "1-3", flexible = "2+", response = CreateAclsResponse)]
pub struct CreateAclsRequest {
    #[field(versions = "0+")]
    pub creations: Vec<AclCreation>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct AclCreation {
    #[field(versions = "0+")]
    pub resource_type: i8,
    #[field(versions = "0+")]
    pub resource_name: String,
    #[field(versions = "1+", default = "3")]
    pub resource_pattern_type: i8,
    #[field(versions = "0+")]
    pub principal: String,
    #[field(versions = "0+")]
    pub host: String,
    #[field(versions = "0+")]
    pub operation: i8,
    #[field(versions = "0+")]
    pub permission_type: i8,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 30, versions = "1-3", flexible = "2+")]
pub struct CreateAclsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub results: Vec<AclCreationResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct AclCreationResult {
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
}
