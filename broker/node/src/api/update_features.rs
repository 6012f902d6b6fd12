//! UpdateFeatures (57), versions 0 to 2 (KIP-584).

use strait_broker_core::acl::Operation;
use strait_broker_core::features::FeatureUpdate;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::update_features::{
    UpdatableFeatureResult, UpdateFeaturesRequest, UpdateFeaturesResponse,
};

use crate::call::Call;
use crate::controller::{FeatureChangeError, denial};
use crate::node::blocking;

/// Last version with a result for each feature.
const RESULTS: i16 = 1;

pub(crate) async fn handle(call: &Call, request: UpdateFeaturesRequest) -> UpdateFeaturesResponse {
    if !call.may_on_cluster(Operation::Alter) {
        let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        return failed(error, denial(error).to_owned());
    }
    let updates = request.feature_updates.into_iter().map(|update| FeatureUpdate {
        name: update.feature,
        level: update.max_version_level,
        upgrade_type: update.upgrade_type,
    });
    let updates: Vec<FeatureUpdate> = updates.collect();
    match blocking(|| call.node.controller.update_features(&updates, request.validate_only)) {
        Ok(()) => {
            let told = updates.into_iter().filter(|_| call.version <= RESULTS);
            let results = told.map(|update| UpdatableFeatureResult {
                feature: update.name,
                error_code: 0,
                error_message: None,
            });
            UpdateFeaturesResponse { error_message: None, results: results.collect(), ..Default::default() }
        }
        Err(FeatureChangeError::Refused(error)) => failed(error.code(), error.to_string()),
        Err(FeatureChangeError::Change(error)) => failed(error.code(), error.to_string()),
    }
}

fn failed(error: ErrorCode, message: String) -> UpdateFeaturesResponse {
    UpdateFeaturesResponse { error_code: error.0, error_message: Some(message), ..Default::default() }
}
