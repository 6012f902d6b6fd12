//! DescribeCluster (KIP-700).

use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_cluster::{
    DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse,
};

use crate::broker::Broker;
use crate::dispatch::Caller;
use crate::folder::NODE_ID;

const BROKERS: i8 = 1;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: DescribeClusterRequest,
) -> DescribeClusterResponse {
    let endpoint_type = request.endpoint_type;
    if endpoint_type != BROKERS {
        return DescribeClusterResponse {
            error_code: ErrorCode::MISMATCHED_ENDPOINT_TYPE.0,
            error_message: Some("The request was sent to an endpoint of type BROKER".to_owned()),
            endpoint_type,
            ..DescribeClusterResponse::default()
        };
    }
    let own = DescribeClusterBroker {
        broker_id: NODE_ID,
        host: broker.endpoint.host.clone(),
        port: i32::from(broker.endpoint.port),
        rack: None,
        is_fenced: false,
    };
    DescribeClusterResponse {
        endpoint_type,
        cluster_id: broker.cluster_id.clone(),
        controller_id: NODE_ID,
        brokers: vec![own],
        ..DescribeClusterResponse::default()
    }
}
