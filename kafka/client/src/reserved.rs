//! A connection that is reserved: requests of others wait until the reservation is dropped.

use std::sync::atomic::Ordering;

use strait_wire::codec::{Request, response_body};
use tokio::sync::mpsc;

use crate::connection::Connection;
use crate::error::ConnectionError;
use crate::exchange::Exchange;
use crate::io_task::{Outgoing, Queued};

pub(crate) struct Reserved<'a> {
    connection: &'a Connection,
    requests: mpsc::Sender<Outgoing>,
}

impl Connection {
    /// Waits in the queue for its turn.
    pub(crate) async fn reserve(&self) -> Result<Reserved<'_>, ConnectionError> {
        let (requests, queue) = mpsc::channel(1);
        let queued = self.shared.requests.send(Queued::Alone(queue)).await;
        queued.map_err(|_| self.shared.closed_error())?;
        Ok(Reserved { connection: self, requests })
    }
}

impl Reserved<'_> {
    pub(crate) async fn ask<R: Request>(
        &self,
        request: &R,
        version: i16,
    ) -> Result<R::Response, ConnectionError> {
        let shared = &self.connection.shared;
        shared.in_flight.fetch_add(1, Ordering::AcqRel);
        let (outgoing, answered) = self.connection.outgoing(request, version)?;
        self.requests.send(outgoing).await.map_err(|_| {
            shared.on_answer();
            shared.closed_error()
        })?;
        let frame = Exchange::new(shared.clone(), R::KEY, answered).within(shared.request_timeout).await?;
        let response = response_body::<R>(frame, version).map(|(_, response)| response);
        response.map_err(|source| {
            shared.close("an answer can't be read");
            ConnectionError::Decode { address: shared.address.clone(), api: R::KEY, source }
        })
    }
}
