//! Headers of requests and responses, as kafka-protocol writes and reads them.

use bytes::{Buf, Bytes};
use kafka_protocol::messages::{ApiKey as OracleKey, RequestHeader as OracleHeader, ResponseHeader};
use kafka_protocol::protocol::Decodable;
use strait_wire::codec::{
    Decoder, Message, Request, decode_request_header, request_frame, response_body, response_frame,
};
use strait_wire::message::{RequestVisitor, visit_requests};

use crate::generate::{Random, Style, message};

const CORRELATION_ID: i32 = 0x0102_0304;
const CLIENT_ID: &str = "strait";

struct Frames;

fn random<M: Message>(version: i16) -> M {
    let bytes = message::<M>(version, Style::Plain, &mut Random::new(3));
    M::decode(version, &mut Decoder::new(bytes.into())).expect(M::NAME)
}

/// A frame without its length, which must be right.
fn unframed(segments: &[Bytes]) -> Bytes {
    let mut frame = Bytes::from(segments.concat());
    assert_eq!(frame.get_i32() as usize, frame.len());
    frame
}

fn check_request<R: Request>(version: i16) {
    let (what, request): (_, R) = (format!("{} {version}", R::NAME), random(version));
    let frame = unframed(&request_frame(&request, version, CORRELATION_ID, CLIENT_ID).expect(&what));
    let key = OracleKey::try_from(R::KEY.0).expect("a key");
    let mut body = frame.clone();
    let theirs = OracleHeader::decode(&mut body, key.request_header_version(version)).expect(&what);
    let client_id = theirs.client_id.as_ref().map(|id| id.as_str());
    let theirs = (theirs.request_api_key, theirs.request_api_version, theirs.correlation_id, client_id);
    assert_eq!(theirs, (R::KEY.0, version, CORRELATION_ID, Some(CLIENT_ID)), "{what}");

    let mut input = Decoder::new(frame);
    let ours = decode_request_header(&mut input, |_, version| version >= R::FLEXIBLE_FROM).expect(&what);
    let ours = (ours.api_key, ours.api_version, ours.correlation_id, ours.client_id.as_deref());
    assert_eq!(ours, theirs);
    assert_eq!(input.remaining(), body.len(), "{what}");
    assert_eq!(R::decode(version, &mut input).expect(&what), request);
}

fn check_response<R: Request>(version: i16) {
    let (what, response): (_, R::Response) = (format!("{} {version}", R::Response::NAME), random(version));
    let frame = unframed(&response_frame::<R>(&response, version, CORRELATION_ID).expect(&what));
    let key = OracleKey::try_from(R::KEY.0).expect("a key");
    let mut body = frame.clone();
    let theirs = ResponseHeader::decode(&mut body, key.response_header_version(version)).expect(&what);
    assert_eq!(theirs.correlation_id, CORRELATION_ID);
    assert_eq!(R::Response::decode(version, &mut Decoder::new(body)).expect(&what), response);
    assert_eq!(response_body::<R>(frame, version), Ok((CORRELATION_ID, response)), "{what}");
}

impl RequestVisitor for Frames {
    fn visit<R: Request>(&mut self) {
        for version in R::MIN_VERSION..=R::MAX_VERSION {
            check_request::<R>(version);
            check_response::<R>(version);
        }
    }
}

#[test]
fn frames_have_the_headers_of_their_versions() {
    visit_requests(&mut Frames);
}
