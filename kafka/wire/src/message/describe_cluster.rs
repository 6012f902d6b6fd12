//! DescribeCluster (API key 60), versions 0 to 2, flexible from 0.
//!
//! - 1: brokers or controllers (KIP-919)
//! - 2: fenced brokers (KIP-1073)

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 60, versions = "0-2", flexible = "0+", response = DescribeClusterResponse)]
pub struct DescribeClusterRequest {
    #[field(versions = "0+")]
    pub include_cluster_authorized_operations: bool,
    #[field(versions = "1+", default = "1")]
    pub endpoint_type: i8,
    #[field(versions = "2+")]
    pub include_fenced_brokers: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 60, versions = "0-2", flexible = "0+")]
pub struct DescribeClusterResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub error_message: Option<String>,
    #[field(versions = "1+", default = "1")]
    pub endpoint_type: i8,
    #[field(versions = "0+")]
    pub cluster_id: String,
    #[field(versions = "0+", default = "-1")]
    pub controller_id: i32,
    #[field(versions = "0+")]
    pub brokers: Vec<DescribeClusterBroker>,
    #[field(versions = "0+", default = "-2147483648")]
    pub cluster_authorized_operations: i32,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeClusterBroker {
    #[field(versions = "0+")]
    pub broker_id: i32,
    #[field(versions = "0+")]
    pub host: String,
    #[field(versions = "0+")]
    pub port: i32,
    #[field(versions = "0+", nullable = "0+", default = "null")]
    pub rack: Option<String>,
    #[field(versions = "2+")]
    pub is_fenced: bool,
}
