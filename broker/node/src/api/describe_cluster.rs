//! DescribeCluster (60), versions 0 to 2.

use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_cluster::{
    DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse,
};

use crate::access::NOT_ASKED;
use crate::call::Call;

const BROKERS: i8 = 1;

pub(crate) async fn handle(call: &Call, request: DescribeClusterRequest) -> DescribeClusterResponse {
    if request.endpoint_type != BROKERS {
        return DescribeClusterResponse {
            error_code: ErrorCode::MISMATCHED_ENDPOINT_TYPE.0,
            error_message: Some("This listener is one of brokers.".to_owned()),
            ..Default::default()
        };
    }
    let broker = DescribeClusterBroker {
        broker_id: call.node.id,
        host: call.session.endpoint.host.clone(),
        port: call.session.endpoint.port.into(),
        rack: None,
        is_fenced: false,
    };
    let cluster_authorized_operations = match request.include_cluster_authorized_operations {
        true => call.cluster_operations(),
        false => NOT_ASKED,
    };
    DescribeClusterResponse {
        cluster_authorized_operations,
        cluster_id: call.node.cluster_id.clone(),
        controller_id: call.node.id,
        brokers: vec![broker],
        ..Default::default()
    }
}
