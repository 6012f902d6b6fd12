//! One request on its way through the broker.

use std::sync::Arc;

use crate::node::Node;
use crate::quotas::ThreadTime;
use crate::session::Session;

/// What a handler knows besides the request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) node: Arc<Node>,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    pub(crate) client_id: String,
    pub(crate) session: Arc<Session>,
    /// Of the whole request, without its length.
    pub(crate) request_bytes: usize,
    /// What is in files can be sent out of them.
    pub(crate) sends_files: bool,
    pub(crate) thread_time: ThreadTime,
}
