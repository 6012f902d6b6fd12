//! OffsetDelete (47), version 0.

use strait_wire::batch::Stamp;
use strait_wire::message::offset_delete::{OffsetDeleteRequest, OffsetDeleteResponse};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let shard = call.node.groups.shard(&request.group_id);
    let deleted =
        shard.and_then(|shard| shard.perform(Stamp::NONE, |groups, _| groups.delete_offsets(&request)));
    deleted.unwrap_or_else(|error| OffsetDeleteResponse { error_code: error.0, ..Default::default() })
}
