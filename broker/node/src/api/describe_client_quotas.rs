//! DescribeClientQuotas (48), versions 0 to 1 (KIP-546).

use strait_broker_core::acl::Operation;
use strait_broker_core::quota::{QuotaFilter, Quotas};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_client_quotas::{
    DescribeClientQuotasRequest, DescribeClientQuotasResponse, EntityData, EntryData, ValueData,
};

use crate::call::Call;
use crate::controller::denial;

pub(crate) async fn handle(
    call: &Call,
    request: DescribeClientQuotasRequest,
) -> DescribeClientQuotasResponse {
    if !call.may_on_cluster(Operation::DescribeConfigs) {
        let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        return failed(error, denial(error).to_owned());
    }
    let components = request
        .components
        .iter()
        .map(|component| (component.entity_type.as_str(), component.match_type, component.match_.as_deref()));
    match QuotaFilter::new(components, request.strict) {
        Ok(filter) => {
            let entries = Some(entries(&call.node.controller.find_quotas(&filter)));
            DescribeClientQuotasResponse { entries, ..Default::default() }
        }
        Err(error) => failed(error.code(), error.to_string()),
    }
}

fn failed(error: ErrorCode, message: String) -> DescribeClientQuotasResponse {
    DescribeClientQuotasResponse {
        error_code: error.0,
        error_message: Some(message),
        entries: None,
        ..Default::default()
    }
}

fn entries(quotas: &Quotas) -> Vec<EntryData> {
    let entries = quotas.iter().map(|(entity, limits)| {
        let entity = entity.parts().map(|(kind, name)| EntityData {
            entity_type: kind.to_owned(),
            entity_name: name.map(str::to_owned),
        });
        let values =
            limits.iter().map(|(kind, limit)| ValueData { key: kind.name().to_owned(), value: *limit });
        EntryData { entity: entity.collect(), values: values.collect() }
    });
    entries.collect()
}
