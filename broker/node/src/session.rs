//! Who is at the other end of a connection.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::settings::Endpoint;

/// The principal of a client that did not authenticate (`KafkaPrincipal.ANONYMOUS`).
pub(crate) const ANONYMOUS: &str = "User:ANONYMOUS";

/// What a connection is to the rules: shared by its requests, replaced when the client authenticates again.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Type and name, e.g. `User:alice`.
    pub(crate) principal: String,
    pub(crate) peer: SocketAddr,
    /// Where this client is told to find the broker.
    pub(crate) endpoint: Arc<Endpoint>,
}
