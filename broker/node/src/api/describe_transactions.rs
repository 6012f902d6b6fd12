//! DescribeTransactions (65), version 0.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_transactions::{
    DescribeTransactionsRequest, DescribeTransactionsResponse, TransactionState,
};

use crate::call::Call;

pub(crate) async fn handle(
    call: &Call,
    request: DescribeTransactionsRequest,
) -> DescribeTransactionsResponse {
    let described = request.transactional_ids.into_iter().map(|transactional_id| {
        let found = describe(call, &transactional_id);
        found.unwrap_or_else(|error| TransactionState {
            error_code: error.0,
            transactional_id,
            ..Default::default()
        })
    });
    DescribeTransactionsResponse { throttle_time_ms: 0, transaction_states: described.collect() }
}

fn describe(call: &Call, transactional_id: &str) -> Result<TransactionState, ErrorCode> {
    if !call.may(Operation::Describe, ResourceType::TransactionalId, transactional_id) {
        return Err(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    }
    let shard = call.node.transactions.shard(transactional_id)?;
    let mut described = shard.look(|known| known.describe(transactional_id))?;
    described.topics.retain(|topic| call.may(Operation::Describe, ResourceType::Topic, &topic.topic));
    Ok(described)
}
