//! AlterClientQuotas (49), versions 0 to 1 (KIP-546).

use strait_broker_core::acl::Operation;
use strait_broker_core::quota::{EntityNames, QuotaAlteration};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::alter_client_quotas::response::EntryData;
use strait_wire::message::alter_client_quotas::{
    AlterClientQuotasRequest, AlterClientQuotasResponse, EntityData,
};

use crate::call::Call;
use crate::controller::ChangeError;
use crate::node::blocking;

pub(crate) async fn handle(call: &Call, request: AlterClientQuotasRequest) -> AlterClientQuotasResponse {
    let alterations = request.entries.into_iter().map(|entry| QuotaAlteration {
        entity: entry.entity.into_iter().map(|part| (part.entity_type, part.entity_name)).collect(),
        limits: entry.ops.into_iter().map(|op| (op.key, (!op.remove).then_some(op.value))).collect(),
    });
    let alterations: Vec<QuotaAlteration> = alterations.collect();
    let changed = match call.may_on_cluster(Operation::AlterConfigs) {
        true => blocking(|| call.node.controller.change_quotas(&alterations, request.validate_only)),
        false => Err(ChangeError::Denied { error: ErrorCode::CLUSTER_AUTHORIZATION_FAILED }),
    };
    let entries = match changed {
        Ok(outcomes) => {
            let told = outcomes.into_iter().map(|(entity, outcome)| match outcome {
                Ok(()) => entry(entity, ErrorCode::NONE, None),
                Err(error) => entry(entity, ErrorCode::INVALID_REQUEST, Some(error.to_string())),
            });
            told.collect()
        }
        Err(error) => {
            let told =
                |alteration: QuotaAlteration| entry(alteration.entity, error.code(), Some(error.to_string()));
            alterations.into_iter().map(told).collect()
        }
    };
    AlterClientQuotasResponse { entries, ..Default::default() }
}

fn entry(entity: EntityNames, error: ErrorCode, error_message: Option<String>) -> EntryData {
    let parts = entity.into_iter().map(|(entity_type, entity_name)| EntityData { entity_type, entity_name });
    EntryData { error_code: error.0, error_message, entity: parts.collect() }
}
