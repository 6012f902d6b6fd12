//! Which versions of each request a broker speaks.

use strait_wire::codec::{Message, Request, response_body};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::api_versions::{ApiVersionsRequest, ApiVersionsResponse};

use crate::connection::Connection;
use crate::error::ConnectionError;
use crate::shared::lock;

impl Connection {
    pub(crate) async fn negotiate(&self) -> Result<(), ConnectionError> {
        let request = ApiVersionsRequest {
            client_software_name: "strait".to_owned(),
            client_software_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let response = match self.try_versions(&request, 3).await? {
            Some(response) => response,
            None => {
                self.try_versions(&request, 0).await?.ok_or_else(|| ConnectionError::VersionsRefused {
                    address: self.shared.address.clone(),
                    code: ErrorCode::UNSUPPORTED_VERSION,
                })?
            }
        };
        let versions = response.api_keys.iter().map(|api| (api.api_key, (api.min_version, api.max_version)));
        *lock(&self.shared.versions) = versions.collect();
        Ok(())
    }

    /// `None`: the broker does not know this version of the question; its answer has the layout of version 0.
    async fn try_versions(
        &self,
        request: &ApiVersionsRequest,
        version: i16,
    ) -> Result<Option<ApiVersionsResponse>, ConnectionError> {
        let frame = self.exchange(request, version)?.within(self.shared.request_timeout).await?;
        let code =
            frame.get(4..6).and_then(|code| code.first_chunk::<2>()).map(|code| i16::from_be_bytes(*code));
        if code == Some(ErrorCode::UNSUPPORTED_VERSION.0) {
            return Ok(None);
        }
        let (_, response) = response_body::<ApiVersionsRequest>(frame, version).map_err(|source| {
            ConnectionError::Decode {
                address: self.shared.address.clone(),
                api: ApiVersionsRequest::KEY,
                source,
            }
        })?;
        let code = ErrorCode(response.error_code);
        if !code.is_ok() {
            return Err(ConnectionError::VersionsRefused { address: self.shared.address.clone(), code });
        }
        Ok(Some(response))
    }
}

const _: () = assert!(ApiVersionsRequest::MIN_VERSION == 0);
