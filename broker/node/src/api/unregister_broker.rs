//! UnregisterBroker (64), version 0. The one broker can't be taken from its own cluster; Apache Kafka does it, and is
//! without a broker from then on.

use strait_broker_core::acl::Operation;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::unregister_broker::{UnregisterBrokerRequest, UnregisterBrokerResponse};

use crate::call::Call;
use crate::controller::denial;

pub(crate) async fn handle(call: &Call, request: UnregisterBrokerRequest) -> UnregisterBrokerResponse {
    let id = request.broker_id;
    let (error, message) = if !call.may_on_cluster(Operation::Alter) {
        let error = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        (error, denial(error).to_owned())
    } else if id == call.node.id {
        (ErrorCode::INVALID_REQUEST, format!("Broker ID {id} is the only one of the cluster"))
    } else {
        (ErrorCode::BROKER_ID_NOT_REGISTERED, format!("Broker ID {id} is not currently registered"))
    };
    UnregisterBrokerResponse { error_code: error.0, error_message: Some(message), ..Default::default() }
}
