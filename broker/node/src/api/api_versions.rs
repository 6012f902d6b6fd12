//! ApiVersions: what is served.

use strait_wire::api_key::ApiKey;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};

use crate::dispatch::SERVED;

/// From this version on a client says what it is (KIP-511).
const SOFTWARE_SINCE: i16 = 3;

pub(crate) fn handle(request: &ApiVersionsRequest, version: i16, is_known: bool) -> ApiVersionsResponse {
    let code = match is_known {
        false => ErrorCode::UNSUPPORTED_VERSION,
        true if version >= SOFTWARE_SINCE && !has_valid_software(request) => ErrorCode::INVALID_REQUEST,
        true => ErrorCode::NONE,
    };
    let mut api_keys: Vec<ApiVersion> = SERVED
        .iter()
        .map(|served| ApiVersion {
            api_key: served.key.0,
            // Old librdkafka takes a broker without Produce 0 for one without compression (KAFKA-18659).
            min_version: if served.key == ApiKey::PRODUCE { 0 } else { served.min_version },
            max_version: served.max_version,
        })
        .collect();
    api_keys.sort_by_key(|api| api.api_key);
    ApiVersionsResponse { error_code: code.0, api_keys, ..ApiVersionsResponse::default() }
}

/// `ApiVersionsRequest.isValid`: letters, digits, `-` and `.`, not at the ends.
fn has_valid_software(request: &ApiVersionsRequest) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let is_valid = |text: &str| {
        let ends = [text.bytes().next(), text.bytes().last()];
        text.bytes().all(is_inner)
            && ends.iter().all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
    };
    is_valid(&request.client_software_name) && is_valid(&request.client_software_version)
}
