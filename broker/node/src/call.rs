//! One request on its way through the broker.

use std::sync::Arc;

use crate::node::Node;
use crate::session::Session;

/// What a handler knows besides the request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) node: Arc<Node>,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    pub(crate) client_id: String,
    pub(crate) session: Arc<Session>,
    /// Size of its frame.
    pub(crate) request_bytes: usize,
}
