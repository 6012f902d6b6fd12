//! ListConfigResources (API key 74), versions 0 to 1, flexible from 0.
//!
//! - 0: `ListClientMetricsResources`
//! - 1: all types of resources (KIP-1142)

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 74, versions = "0-1", flexible = "0+", response = ListConfigResourcesResponse)]
pub struct ListConfigResourcesRequest {
    #[field(versions = "1+")]
    pub resource_types: Vec<i8>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 74, versions = "0-1", flexible = "0+")]
pub struct ListConfigResourcesResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+")]
    pub config_resources: Vec<ConfigResource>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ConfigResource {
    #[field(versions = "0+")]
    pub resource_name: String,
    #[field(versions = "1+", default = "16", ignorable)]
    pub resource_type: i8,
}
