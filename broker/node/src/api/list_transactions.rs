//! ListTransactions (66), versions 0 to 2.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::transactions::{TransactionFilter, Transactions};
use strait_wire::error_code::ErrorCode;
use strait_wire::message::list_transactions::{
    ListTransactionsRequest, ListTransactionsResponse, TransactionState,
};

use crate::call::Call;
use crate::clock::now_ms;

pub(crate) async fn handle(call: &Call, request: ListTransactionsRequest) -> ListTransactionsResponse {
    let pattern =
        match TransactionFilter::pattern(request.transactional_id_pattern.as_deref().unwrap_or_default()) {
            Ok(pattern) => pattern,
            Err(_) => return failed(ErrorCode::INVALID_REGULAR_EXPRESSION),
        };
    let filter = TransactionFilter {
        states: request.state_filters,
        producer_ids: request.producer_id_filters,
        duration_ms: request.duration_filter,
        pattern,
    };
    let mut transaction_states = Vec::new();
    for shard in call.node.transactions.shards() {
        let listed = shard.look(|known| known.list(&filter, now_ms()));
        match listed {
            Ok(listed) => transaction_states.extend(listed),
            Err(error) => return failed(error),
        }
    }
    let may_see = |id: &str| call.may(Operation::Describe, ResourceType::TransactionalId, id);
    transaction_states.retain(|state: &TransactionState| may_see(&state.transactional_id));
    ListTransactionsResponse {
        unknown_state_filters: Transactions::unknown_states(&filter.states),
        transaction_states,
        ..Default::default()
    }
}

fn failed(error: ErrorCode) -> ListTransactionsResponse {
    ListTransactionsResponse { error_code: error.0, ..Default::default() }
}
