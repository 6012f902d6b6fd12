//! ListTransactions (66), versions 0 to 1.

use strait_broker_core::acl::{Operation, ResourceType};
use strait_broker_core::transactions::Transactions;
use strait_wire::message::list_transactions::{
    ListTransactionsRequest, ListTransactionsResponse, TransactionState,
};

use crate::call::Call;
use crate::clock::now_ms;

pub(crate) async fn handle(call: &Call, request: ListTransactionsRequest) -> ListTransactionsResponse {
    let ListTransactionsRequest { state_filters, producer_id_filters, duration_filter, .. } = request;
    let mut transaction_states = Vec::new();
    for shard in call.node.transactions.shards() {
        let listed =
            shard.look(|known| known.list(&state_filters, &producer_id_filters, duration_filter, now_ms()));
        match listed {
            Ok(listed) => transaction_states.extend(listed),
            Err(error) => return ListTransactionsResponse { error_code: error.0, ..Default::default() },
        }
    }
    let may_see = |id: &str| call.may(Operation::Describe, ResourceType::TransactionalId, id);
    transaction_states.retain(|state: &TransactionState| may_see(&state.transactional_id));
    ListTransactionsResponse {
        unknown_state_filters: Transactions::unknown_states(&state_filters),
        transaction_states,
        ..Default::default()
    }
}
