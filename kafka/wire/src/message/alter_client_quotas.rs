//! AlterClientQuotas (API key 49), versions 0 to 1, flexible from 1.

pub use response::AlterClientQuotasResponse;
use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 49, versions = "0-1", flexible = "1+", response = AlterClientQuotasResponse)]
pub struct AlterClientQuotasRequest {
    #[field(versions = "0+")]
    pub entries: Vec<EntryData>,
    #[field(versions = "0+")]
    pub validate_only: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct EntryData {
    #[field(versions = "0+")]
    pub entity: Vec<EntityData>,
    #[field(versions = "0+")]
    pub ops: Vec<OpData>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct EntityData {
    #[field(versions = "0+")]
    pub entity_type: String,
    #[field(versions = "0+", nullable = "0+")]
    pub entity_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct OpData {
    #[field(versions = "0+")]
    pub key: String,
    #[field(versions = "0+")]
    pub value: f64,
    #[field(versions = "0+")]
    pub remove: bool,
}

/// The response, whose structures have names of the request's.
pub mod response {
    use strait_wire_derive::Message;

    use super::EntityData;

    #[derive(Clone, Debug, PartialEq, Message)]
    #[message(key = 49, versions = "0-1", flexible = "1+")]
    pub struct AlterClientQuotasResponse {
        #[field(versions = "0+")]
        pub throttle_time_ms: i32,
        #[field(versions = "0+")]
        pub entries: Vec<EntryData>,
    }

    #[derive(Clone, Debug, PartialEq, Message)]
    pub struct EntryData {
        #[field(versions = "0+")]
        pub error_code: i16,
        #[field(versions = "0+", nullable = "0+")]
        pub error_message: Option<String>,
        #[field(versions = "0+")]
        pub entity: Vec<EntityData>,
    }
}
