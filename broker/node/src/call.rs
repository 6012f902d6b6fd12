//! One request on its way through the broker.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::node::Node;
use crate::settings::Endpoint;

/// What a handler knows besides the request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) node: Arc<Node>,
    pub(crate) version: i16,
    pub(crate) correlation_id: i32,
    pub(crate) client_id: String,
    pub(crate) peer: SocketAddr,
    /// Where this client is told to find the broker.
    pub(crate) endpoint: Arc<Endpoint>,
}
