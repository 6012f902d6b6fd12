//! AlterUserScramCredentials (API key 51), version 0, flexible from 0 (KIP-554).

use bytes::Bytes;

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 51, versions = "0", flexible = "0+", response = AlterUserScramCredentialsResponse)]
pub struct AlterUserScramCredentialsRequest {
    #[field(versions = "0+")]
    pub deletions: Vec<ScramCredentialDeletion>,
    #[field(versions = "0+")]
    pub upsertions: Vec<ScramCredentialUpsertion>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ScramCredentialDeletion {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub mechanism: i8,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ScramCredentialUpsertion {
    #[field(versions = "0+")]
    pub name: String,
    #[field(versions = "0+")]
    pub mechanism: i8,
    #[field(versions = "0+")]
    pub iterations: i32,
    #[field(versions = "0+")]
    pub salt: Bytes,
    #[field(versions = "0+")]
    pub salted_password: Bytes,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 51, versions = "0", flexible = "0+")]
pub struct AlterUserScramCredentialsResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub results: Vec<AlterUserScramCredentialsResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct AlterUserScramCredentialsResult {
    #[field(versions = "0+")]
    pub user: String,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
}
