//! UpdateFeatures (API key 57), versions 0 to 2, flexible from 0.
//!
//! - 1: validation only
//! - 2: one error for all features

use strait_wire_derive::Message;

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 57, versions = "0-2", flexible = "0+", response = UpdateFeaturesResponse)]
pub struct UpdateFeaturesRequest {
    #[field(versions = "0+", default = "60000")]
    pub timeout_ms: i32,
    #[field(versions = "0+")]
    pub feature_updates: Vec<FeatureUpdateKey>,
    #[field(versions = "1+")]
    pub validate_only: bool,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct FeatureUpdateKey {
    #[field(versions = "0+")]
    pub feature: String,
    #[field(versions = "0+")]
    pub max_version_level: i16,
    #[field(versions = "0")]
    pub allow_downgrade: bool,
    #[field(versions = "1+", default = "1")]
    pub upgrade_type: i8,
}

#[derive(Clone, Debug, PartialEq, Message)]
#[message(key = 57, versions = "0-2", flexible = "0+")]
pub struct UpdateFeaturesResponse {
    #[field(versions = "0+")]
    pub throttle_time_ms: i32,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
    #[field(versions = "0-1", ignorable)]
    pub results: Vec<UpdatableFeatureResult>,
}

#[derive(Clone, Debug, PartialEq, Message)]
pub struct UpdatableFeatureResult {
    #[field(versions = "0+")]
    pub feature: String,
    #[field(versions = "0+")]
    pub error_code: i16,
    #[field(versions = "0+", nullable = "0+")]
    pub error_message: Option<String>,
}
