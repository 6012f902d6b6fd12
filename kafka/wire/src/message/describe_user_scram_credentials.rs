//! DescribeUserScramCredentials (API key 50), version 0, flexible from 0 (KIP-554).

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 50, versions = "0", flexible = "0+", response = DescribeUserScramCredentialsResponse)]
pub struct DescribeUserScramCredentialsRequest {
    #[field(versions = "0+", nullable = "0+")]
    pub users: Option<Vec<UserName>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct UserName {
    #[field(versions = "0+")]
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 50, versions = "0", flexible = "0+")]
pub struct DescribeUserScramCredentialsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub results: Vec<DescribeUserScramCredentialsResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeUserScramCredentialsResult {
    #[field(versions = "0+")]
    pub user: String,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
    #[field(versions = "0+")]
    pub credential_infos: Vec<CredentialInfo>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct CredentialInfo {
    #[field(versions = "0+")]
    pub mechanism: i8,
    #[field(versions = "0+")]
    pub iterations: i32,
}
