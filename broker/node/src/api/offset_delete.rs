//! OffsetDelete (KIP-496).

use strait_wire::message::offset_delete::{OffsetDeleteRequest, OffsetDeleteResponse};

use crate::broker::Broker;
use crate::dispatch::Caller;

pub(crate) async fn handle(
    broker: &Broker,
    _: Caller<'_>,
    request: OffsetDeleteRequest,
) -> OffsetDeleteResponse {
    let deleted = broker.groups.act(|groups| groups.delete_offsets(&request));
    deleted.unwrap_or_else(|code| OffsetDeleteResponse { error_code: code.0, ..Default::default() })
}
