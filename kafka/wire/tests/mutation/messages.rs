//! Every request and response in all versions, and the headers before them.

use bytes::Bytes;
use strait_wire::codec::{
    DecodeError, Decoder, Encoder, Message, Request, decode_request_header, request_frame, response_body,
    response_frame,
};
use strait_wire::message::{RequestVisitor, visit_requests};

use crate::generate::{Random, Style, message};
use crate::measure::{allowed, alone, bounded, inputs};
use crate::mutate::mutate;

/// Right messages of each version that wrong ones are made of.
const SOURCES: u64 = 24;

fn encoded<M: Message>(message: &M, version: i16) -> Vec<u8> {
    let mut out = Encoder::new();
    message.encode(version, &mut out).expect("what was decoded can be encoded");
    out.finish().concat()
}

/// What is read from wrong bytes is a message like any other: it is written and read again.
fn decode<M: Message>(what: &str, version: i16, bytes: &[u8]) {
    let input = Bytes::copy_from_slice(bytes);
    let decoded: Result<M, DecodeError> =
        bounded(what, bytes, allowed(bytes.len()), || M::decode(version, &mut Decoder::new(input)));
    let Ok(message) = decoded else { return };
    let written = encoded(&message, version);
    let again =
        M::decode(version, &mut Decoder::new(written.clone().into())).expect("what was written is read");
    assert_eq!(encoded(&again, version), written, "{what}");
}

fn sources<M: Message>(version: i16) -> Vec<Vec<u8>> {
    let style = |seed| if seed % 4 == 0 { Style::UnknownTags } else { Style::Plain };
    (0..SOURCES).map(|seed| message::<M>(version, style(seed), &mut Random::new(seed))).collect()
}

fn mutate_message<M: Message>() {
    let versions: Vec<i16> = (M::MIN_VERSION..=M::MAX_VERSION).collect();
    let inputs = inputs().div_ceil(versions.len() as u64);
    for version in versions {
        let what = format!("{} version {version}", M::NAME);
        let sources = sources::<M>(version);
        let mut random = Random::new(version as u64 + 1);
        for _ in 0..inputs {
            let [source, other] = [(); 2].map(|()| &sources[random.below(sources.len())]);
            decode::<M>(&what, version, &mutate(source, other, &mut random));
        }
    }
}

struct Messages;

impl RequestVisitor for Messages {
    fn visit<R: Request>(&mut self) {
        mutate_message::<R>();
        mutate_message::<R::Response>();
    }
}

#[test]
fn requests_and_responses() {
    let _alone = alone();
    visit_requests(&mut Messages);
}

/// A frame with a header, without its length.
struct Frame {
    request: Vec<u8>,
    response: Vec<u8>,
    read_response: fn(&[u8]),
}

#[derive(Default)]
struct Frames(Vec<Frame>);

fn read_response<R: Request>(bytes: &[u8]) {
    let input = Bytes::copy_from_slice(bytes);
    let read = || response_body::<R>(input, R::MAX_VERSION).is_ok();
    bounded(R::Response::NAME, bytes, allowed(bytes.len()), read);
}

impl RequestVisitor for Frames {
    fn visit<R: Request>(&mut self) {
        let version = R::MAX_VERSION;
        let request = R::decode(version, &mut Decoder::new(sources::<R>(version)[1].clone().into()));
        let response = sources::<R::Response>(version)[1].clone();
        let response = R::Response::decode(version, &mut Decoder::new(response.into()));
        let request = request_frame(&request.expect("a request"), version, 7, "strait").expect("a frame");
        let response = response_frame::<R>(&response.expect("a response"), version, 7).expect("a frame");
        let unframed = |frame: Vec<Bytes>| frame.concat()[4..].to_vec();
        self.0.push(Frame {
            request: unframed(request),
            response: unframed(response),
            read_response: read_response::<R>,
        });
    }
}

#[test]
fn frames() {
    let _alone = alone();
    let mut frames = Frames::default();
    visit_requests(&mut frames);
    let mut random = Random::new(1);
    for _ in 0..inputs() {
        let [frame, other] = [(); 2].map(|()| &frames.0[random.below(frames.0.len())]);
        (frame.read_response)(&mutate(&frame.response, &other.response, &mut random));
        // The header is short: what stands behind it would get nearly all the changes.
        let head = &frame.request[..frame.request.len().min(24)];
        let request = mutate(head, &other.request, &mut random);
        let input = Bytes::copy_from_slice(&request);
        bounded("a request's header", &request, allowed(request.len()), || {
            decode_request_header(&mut Decoder::new(input), |_, version| version % 2 == 0).is_ok()
        });
    }
}
