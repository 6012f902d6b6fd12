//! DescribeClientQuotas (API key 48), versions 0 to 1, flexible from 1.

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 48, versions = "0-1", flexible = "1+", response = DescribeClientQuotasResponse)]
pub struct DescribeClientQuotasRequest {
    #[field(versions = "0+")]
    pub components: Vec<ComponentData>,
    #[field(versions = "0+")]
    pub strict: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ComponentData {
    #[field(versions = "0+")]
    pub entity_type: String,
    #[field(versions = "0+")]
    pub match_type: i8,
    #[field(versions = "0+", nullable = "0+", name = "match")]
    pub match_: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 48, versions = "0-1", flexible = "1+")]
pub struct DescribeClientQuotasResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
    #[field(versions = "0+", nullable = "0+")]
    pub entries: Option<Vec<EntryData>>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct EntryData {
    #[field(versions = "0+")]
    pub entity: Vec<EntityData>,
    #[field(versions = "0+")]
    pub values: Vec<ValueData>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct EntityData {
    #[field(versions = "0+")]
    pub entity_type: String,
    #[field(versions = "0+", nullable = "0+")]
    pub entity_name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct ValueData {
    #[field(versions = "0+")]
    pub key: String,
    #[field(versions = "0+")]
    pub value: f64,
}
