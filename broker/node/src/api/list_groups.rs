//! ListGroups.

use strait_wire::message::list_groups::{ListGroupsRequest, ListGroupsResponse};

use crate::broker::Broker;
use crate::dispatch::Caller;

pub(crate) async fn handle(broker: &Broker, _: Caller<'_>, request: ListGroupsRequest) -> ListGroupsResponse {
    let groups = broker.groups.look(|groups| groups.list(&request.states_filter, &request.types_filter));
    ListGroupsResponse { groups, ..ListGroupsResponse::default() }
}
