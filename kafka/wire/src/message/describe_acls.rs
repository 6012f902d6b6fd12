//! DescribeAcls (API key 29), versions 1 to 3, flexible from 2.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 29, versions = "1-3", flexible = "2+", response = DescribeAclsResponse)]
pub struct DescribeAclsRequest {
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
#[message(key = 29, versions = "1-3", flexible = "2+")]
pub struct DescribeAclsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub resources: Vec<DescribeAclsResource>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeAclsResource {
    #[field(versions = "0+")]
    pub resource_type: i8,
    #[field(versions = "0+")]
    pub resource_name: String,
    #[field(versions = "1+", default = "3")]
    pub pattern_type: i8,
    #[field(versions = "0+")]
    pub acls: Vec<AclDescription>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct AclDescription {
    #[field(versions = "0+")]
    pub principal: String,
    #[field(versions = "0+")]
    pub host: String,
    #[field(versions = "0+")]
    pub operation: i8,
    #[field(versions = "0+")]
    pub permission_type: i8,
}
