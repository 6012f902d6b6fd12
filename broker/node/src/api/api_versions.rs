//! ApiVersions (18), versions 0 to 4. Produce is shown from version 0 although it is served from 3 on, as Kafka does:
//! older librdkafka takes its absence for a broker without compression (KAFKA-18659).

use bytes::Bytes;
use strait_broker_core::features::FEATURES;
use strait_wire::api_key::ApiKey;
use strait_wire::codec::{EncodeError, Message, response_frame};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::api_versions::{
    ApiVersion, ApiVersionsRequest, ApiVersionsResponse, FinalizedFeatureKey, SupportedFeatureKey,
};

use crate::call::Call;
use crate::dispatch::SERVED;

/// First version whose supported features may begin at 0.
const FROM_ZERO: i16 = 4;

pub(crate) async fn handle(call: &Call, request: ApiVersionsRequest) -> ApiVersionsResponse {
    let names = [&request.client_software_name, &request.client_software_version];
    // Absent before version 3, where both are empty.
    let is_absent = names.iter().all(|name| name.is_empty());
    if !is_absent && !names.iter().all(|name| is_software_name(name)) {
        return ApiVersionsResponse { error_code: ErrorCode::INVALID_REQUEST.0, ..Default::default() };
    }
    let finalized = call.node.controller.features().get();
    let in_force = FEATURES.iter().map(|feature| (feature.name, finalized.levels.level(feature)));
    // Kafka does not tell of features at level 0.
    let in_force = in_force.filter(|(_, level)| *level > 0).map(|(name, level)| FinalizedFeatureKey {
        name: name.to_owned(),
        max_version_level: level,
        min_version_level: level,
    });
    ApiVersionsResponse {
        api_keys: api_keys(),
        supported_features: supported_features(call.version),
        finalized_features_epoch: finalized.epoch,
        finalized_features: in_force.collect(),
        ..Default::default()
    }
}

/// Letters, digits, dots and hyphens, with a letter or digit at both ends (KIP-511).
fn is_software_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    let ends = [name.bytes().next(), name.bytes().next_back()];
    name.bytes().all(is_inner) && ends.iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
}

fn supported_features(version: i16) -> Vec<SupportedFeatureKey> {
    let told = FEATURES.iter().filter(|feature| version >= FROM_ZERO || feature.min_level > 0);
    let told = told.map(|feature| SupportedFeatureKey {
        name: feature.name.to_owned(),
        min_version: feature.min_level,
        max_version: feature.max_level,
    });
    told.collect()
}

fn api_keys() -> Vec<ApiVersion> {
    let shown = SERVED.iter().map(|served| ApiVersion {
        api_key: served.key,
        min_version: if served.key == ApiKey::PRODUCE.0 { 0 } else { served.min_version },
        max_version: served.max_version,
    });
    shown.collect()
}

/// A version of ApiVersions that is newer than what is known here.
pub(crate) fn is_from_the_future(key: i16, version: i16) -> bool {
    key == ApiKey::API_VERSIONS.0 && !(0..=ApiVersionsRequest::MAX_VERSION).contains(&version)
}

/// What such a request gets: version 0, with the versions that are known (KIP-511).
pub(crate) fn unsupported(correlation_id: i32) -> Result<Vec<Bytes>, EncodeError> {
    let own = api_keys().into_iter().filter(|api| api.api_key == ApiKey::API_VERSIONS.0);
    let response = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION.0,
        api_keys: own.collect(),
        ..Default::default()
    };
    response_frame::<ApiVersionsRequest>(&response, 0, correlation_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn produce_is_shown_from_zero() {
        let keys = api_keys();
        assert_eq!((keys[0].api_key, keys[0].min_version), (0, 0));
    }

    #[test]
    fn names_of_software() {
        for name in ["librdkafka", "a", "apache-kafka-java", "4.3.1"] {
            assert!(is_software_name(name), "{name}");
        }
        for name in ["", "-a", "a.", "a b", "ä"] {
            assert!(!is_software_name(name), "{name}");
        }
    }
}
