//! From frames to replies. A client that does not wait for answers has several Produce requests here at once: they are
//! answered together, since one long write costs the file system less than its parts.

use std::io;
use std::sync::Arc;

use strait_broker_core::quota::QuotaKind;
use strait_wire::api_key::ApiKey;
use strait_wire::codec::{Decoder, RequestHeader};

use super::frames::Frame;
use super::{Connection, write};
use crate::call::Call;
use crate::dispatch::{self, Reply, RequestError};
use crate::memory::RequestShare;
use crate::quotas::ThreadTime;
use crate::tls::WriteHalf;

/// Most requests that are answered together, and most bytes in them: with more, writes of usual batches get no cheaper.
const TOGETHER: usize = 16;
const TOGETHER_BYTES: usize = 2 << 20;

/// A request on its way to its handler.
pub(super) struct Received {
    call: Call,
    key: ApiKey,
    pub(super) body: Decoder,
    memory: Option<RequestShare>,
}

/// Requests to be answered together.
pub(super) struct Together {
    requests: Vec<Received>,
    /// The frame behind them can't be read.
    malformed: Option<String>,
}

impl Connection {
    /// What a frame brings, or why it can't be read.
    pub(super) fn received(&self, frame: Frame) -> Result<(RequestHeader, Received), String> {
        let (request_bytes, mut body) = (frame.bytes.len(), Decoder::new(frame.bytes));
        let header = dispatch::read_header(&mut body);
        let header = header.map_err(|error| format!("malformed request header: {error}"))?;
        let (call, key) = (self.call(&header, request_bytes), ApiKey(header.api_key));
        Ok((header, Received { call, key, body, memory: frame.memory }))
    }

    /// The request, and Produce requests that came behind it where it is one. Where there are quotas each may have to wait
    /// for what the one before used.
    pub(super) async fn with_following(&mut self, first: Received) -> Together {
        let (key, mut left) = (first.key, TOGETHER_BYTES.saturating_sub(first.call.request_bytes));
        let mut together = Together { requests: vec![first], malformed: None };
        let quotas = [QuotaKind::ProducerByteRate, QuotaKind::RequestPercentage];
        let is_alone = key != ApiKey::PRODUCE || quotas.iter().any(|kind| self.node.quotas.has(*kind));
        // A stream that fails here fails again at the next frame, and what came before is answered.
        while !is_alone
            && together.requests.len() < TOGETHER
            && let Ok(Some(frame)) = self.frames.next_of(key, left).await
        {
            left = left.saturating_sub(frame.bytes.len());
            match self.received(frame) {
                Ok((_, request)) => together.requests.push(request),
                Err(reason) => {
                    together.malformed = Some(reason);
                    break;
                }
            }
        }
        together
    }

    /// The replies in order, and the call that stands for all. None where the client went before it was answered.
    pub(super) async fn replies(&mut self, together: Together) -> Option<(Call, Vec<Reply>)> {
        let Together { requests, malformed } = together;
        let (mut calls, mut bodies, mut memory) = (Vec::new(), Vec::new(), Vec::new());
        for request in requests {
            calls.push((request.call, request.key));
            bodies.push(request.body);
            memory.push(request.memory);
        }
        let (first, key) = calls.first()?;
        let answer = async {
            if bodies.len() > 1 {
                return dispatch::dispatch_produce(calls.iter().map(|(call, _)| call).zip(bodies)).await;
            }
            match bodies.pop() {
                Some(body) => vec![dispatch::dispatch(first, key.0, body).await],
                None => Vec::new(),
            }
        };
        let answered = tokio::select! {
            biased;
            answered = first.metered(answer) => answered,
            () = self.frames.closed() => return None,
        };
        let replies = calls.iter().zip(answered).map(|((call, key), answered)| {
            answered.unwrap_or_else(|error| Reply::Close(refusal(call, *key, &error)))
        });
        let replies = replies.chain(malformed.map(Reply::Close)).collect();
        calls.into_iter().next().map(|(call, _)| (call, replies))
    }

    /// Sends what is answered, up to where the connection is to end. Gives for how long the client is not heard; none at
    /// the end.
    pub(super) async fn send(&mut self, call: &Call, replies: Vec<Reply>) -> io::Result<Option<i32>> {
        let (mut all_segments, mut all_files, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        let (mut longest_ms, mut end) = (0, None);
        for reply in replies {
            match reply {
                Reply::Frame { segments, files, throttle_ms, share } => {
                    all_segments.extend(segments);
                    all_files.extend(files);
                    shares.extend(share);
                    longest_ms = throttle_ms.max(longest_ms);
                }
                Reply::Nothing { throttle_ms } => longest_ms = throttle_ms.max(longest_ms),
                Reply::Close(reason) => {
                    end = Some(reason);
                    break;
                }
            }
        }
        if !all_segments.is_empty() {
            let sent = write::write_answer(&mut self.writer, all_segments, &all_files, self.idle);
            call.metered(sent).await?;
            drop(shares);
            call.note_thread_time();
        }
        match end {
            None => Ok(Some(longest_ms)),
            Some(reason) => self.close(reason).map(|()| None),
        }
    }

    pub(super) fn call(&self, header: &RequestHeader, request_bytes: usize) -> Call {
        Call {
            node: Arc::clone(&self.node),
            version: header.api_version,
            correlation_id: header.correlation_id,
            client_id: header.client_id.clone().unwrap_or_default(),
            session: Arc::clone(&self.session),
            request_bytes,
            sends_files: matches!(self.writer, WriteHalf::Plain(_)),
            thread_time: ThreadTime::default(),
        }
    }
}

fn refusal(call: &Call, key: ApiKey, error: &RequestError) -> String {
    let Call { client_id, version, .. } = call;
    format!("client id `{client_id}`, {key}, version {version}: {error}")
}
