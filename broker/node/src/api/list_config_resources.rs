//! ListConfigResources (74), versions 0 to 1: names of what can have settings. Version 0 knows subscriptions to metrics
//! only (KIP-1000, KIP-1142).

use strait_broker_core::acl::Operation;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::list_config_resources::{
    ConfigResource, ListConfigResourcesRequest, ListConfigResourcesResponse,
};

use crate::call::Call;
use crate::metadata::{BROKER_RESOURCE, CLIENT_METRICS_RESOURCE, GROUP_RESOURCE, TOPIC_RESOURCE};

/// `ConfigResource.Type.BROKER_LOGGER`
const BROKER_LOGGER_RESOURCE: i8 = 8;
/// All types, in the order in which Kafka lists them.
const TYPES: &[i8] =
    &[GROUP_RESOURCE, CLIENT_METRICS_RESOURCE, BROKER_LOGGER_RESOURCE, BROKER_RESOURCE, TOPIC_RESOURCE];
/// First version with other types than subscriptions to metrics.
const TYPED: i16 = 1;

pub(crate) async fn handle(call: &Call, request: ListConfigResourcesRequest) -> ListConfigResourcesResponse {
    if !call.may_on_cluster(Operation::DescribeConfigs) {
        return failed(ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    }
    let known = if call.version >= TYPED { TYPES } else { &[CLIENT_METRICS_RESOURCE] };
    let wanted = request.resource_types;
    if !wanted.iter().all(|kind| known.contains(kind)) {
        return failed(ErrorCode::UNSUPPORTED_VERSION);
    }
    let listed = known.iter().copied().filter(|kind| wanted.is_empty() || wanted.contains(kind));
    let config_resources = listed.flat_map(|resource_type| {
        let resource = move |resource_name| ConfigResource { resource_name, resource_type };
        names(call, resource_type).into_iter().map(resource)
    });
    ListConfigResourcesResponse { config_resources: config_resources.collect(), ..Default::default() }
}

fn failed(error: ErrorCode) -> ListConfigResourcesResponse {
    ListConfigResourcesResponse { error_code: error.0, ..Default::default() }
}

fn names(call: &Call, kind: i8) -> Vec<String> {
    match kind {
        TOPIC_RESOURCE => call.node.topics.all().iter().map(|topic| topic.name.clone()).collect(),
        BROKER_RESOURCE | BROKER_LOGGER_RESOURCE => vec![call.node.id.to_string()],
        kind => call.node.controller.configured(kind),
    }
}
