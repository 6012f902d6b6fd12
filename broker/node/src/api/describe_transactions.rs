//! DescribeTransactions (65), version 0.

use strait_wire::message::describe_transactions::{
    DescribeTransactionsRequest, DescribeTransactionsResponse, TransactionState,
};

use crate::call::Call;

pub(crate) async fn handle(
    call: &Call,
    request: DescribeTransactionsRequest,
) -> DescribeTransactionsResponse {
    let described = request.transactional_ids.into_iter().map(|transactional_id| {
        let shard = call.node.transactions.shard(&transactional_id);
        let found = shard.and_then(|shard| shard.look(|known| known.describe(&transactional_id)));
        found.unwrap_or_else(|error| TransactionState {
            error_code: error.0,
            transactional_id,
            ..Default::default()
        })
    });
    DescribeTransactionsResponse { throttle_time_ms: 0, transaction_states: described.collect() }
}
