//! DeleteGroups.

use strait_wire::message::delete_groups::{DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse};

use crate::broker::Broker;
use crate::dispatch::Caller;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: DeleteGroupsRequest,
) -> DeleteGroupsResponse {
    let results = request.groups_names.into_iter().map(|group_id| {
        let code = broker.groups.act(|groups| groups.delete(&group_id)).unwrap_or_else(|code| code);
        DeletableGroupResult { group_id, error_code: code.0 }
    });
    DeleteGroupsResponse { results: results.collect(), ..DeleteGroupsResponse::default() }
}
