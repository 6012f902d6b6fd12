//! What Java clients and brokers said to each other is understood, and said again in the same bytes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::{Buf, Bytes};
use strait_wire::batch::{Entry, closed_batches};
use strait_wire::codec::{
    Decoder, Request, decode_request_header, request_frame, response_body, response_frame,
};
use strait_wire::message::fetch::FetchRequest;
use strait_wire::message::list_transactions::ListTransactionsRequest;
use strait_wire::message::metadata::MetadataRequest;
use strait_wire::message::{RequestVisitor, visit_requests};

/// A request frame and its response frame, without their lengths.
struct Exchange {
    path: PathBuf,
    key: i16,
    version: i16,
    request: Bytes,
    response: Bytes,
}

fn next_frame(bytes: &mut Bytes) -> Bytes {
    let length = usize::try_from(bytes.get_i32()).expect("a length");
    bytes.split_to(length)
}

fn read(path: PathBuf) -> Exchange {
    let mut bytes = Bytes::from(fs::read(&path).expect("a file"));
    let (request, response) = (next_frame(&mut bytes), next_frame(&mut bytes));
    assert!(bytes.is_empty(), "{}", path.display());
    let mut head = request.clone();
    Exchange { path, key: head.get_i16(), version: head.get_i16(), request, response }
}

fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("wire-{version}"))
}

fn exchanges() -> Vec<Exchange> {
    let files = ["4.3.1", "3.9.2"].map(|version| fs::read_dir(folder(version)).expect("a folder"));
    files.into_iter().flatten().map(|entry| read(entry.expect("a file").path())).collect()
}

fn decoded<R: Request>(exchange: &Exchange) -> (R, R::Response) {
    let (version, what) = (exchange.version, exchange.path.display());
    let mut input = Decoder::new(exchange.request.clone());
    let header = decode_request_header(&mut input, |_, version| version >= R::FLEXIBLE_FROM);
    let header = header.unwrap_or_else(|error| panic!("{what}: {error}"));
    let request = R::decode(version, &mut input).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(input.remaining(), 0, "{what}");
    let client_id = header.client_id.expect("a client id");
    let again = request_frame(&request, version, header.correlation_id, &client_id).expect("encoded");
    assert_eq!(again.concat()[4..], exchange.request, "{what}: {request:?}");

    let (correlation_id, response) = response_body::<R>(exchange.response.clone(), version)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(correlation_id, header.correlation_id);
    let again = response_frame::<R>(&response, version, correlation_id).expect("encoded");
    assert_eq!(again.concat()[4..], exchange.response, "{what}: {response:?}");
    (request, response)
}

struct Check {
    exchanges: Vec<Exchange>,
    seen: BTreeSet<PathBuf>,
}

impl RequestVisitor for Check {
    fn visit<R: Request>(&mut self) {
        for exchange in self.exchanges.iter().filter(|exchange| exchange.key == R::KEY.0) {
            decoded::<R>(exchange);
            self.seen.insert(exchange.path.clone());
        }
    }
}

#[test]
fn all_exchanges_come_back_in_the_same_bytes() {
    let mut check = Check { exchanges: exchanges(), seen: BTreeSet::new() };
    visit_requests(&mut check);
    assert_eq!((check.seen.len(), check.exchanges.len()), (77, 77));
}

fn exchange<R: Request>(file: &str) -> (R, R::Response) {
    decoded::<R>(&read(folder("4.3.1").join(file)))
}

#[test]
fn a_fetch_of_4_3_1_names_the_aborted_transaction() {
    let (request, response) = exchange::<FetchRequest>("01-18.bin");
    assert_eq!((request.max_wait_ms, request.min_bytes, request.isolation_level), (500, 1, 1));
    let (asked, answered) = (&request.topics[0], &response.responses[0]);
    assert_eq!((asked.topic_id, asked.topic.as_str()), (answered.topic_id, ""));
    let partition = &answered.partitions[0];
    assert_eq!((partition.error_code, partition.high_watermark, partition.last_stable_offset), (0, 8, 8));
    let aborted = partition.aborted_transactions.as_deref().expect("a list");
    assert_eq!(aborted.iter().map(|aborted| aborted.first_offset).collect::<Vec<_>>(), [3]);
    let records = partition.records.clone().expect("records").into_bytes();
    let offsets = closed_batches(records).map(|entry| match entry.expect("a batch") {
        Entry::Closed(batch) => batch.header().base_offset,
        Entry::Legacy(_) => panic!("an old format"),
    });
    // The fetch before this one ended with the first segment.
    assert_eq!(offsets.collect::<Vec<_>>(), [2, 3, 5, 6, 7]);
}

#[test]
fn metadata_of_4_3_1_names_topics_and_leaders() {
    let (request, response) = exchange::<MetadataRequest>("03-13.bin");
    assert_eq!(request.topics, None);
    let brokers = response.brokers.iter().map(|broker| (broker.node_id, broker.host.as_str(), broker.port));
    assert_eq!(brokers.collect::<Vec<_>>(), [(1, "127.0.0.1", 39_510)]);
    let topic = |name: &str| response.topics.iter().find(|topic| topic.name.as_deref() == Some(name));
    let gzip = topic("codec-gzip").expect("a topic");
    assert!(!gzip.topic_id.is_zero() && !gzip.is_internal);
    let offsets = topic("__consumer_offsets").expect("a topic");
    assert!(offsets.is_internal && offsets.partitions.iter().all(|partition| partition.leader_id == 1));
    assert_eq!(offsets.partitions.len(), 5);
}

#[test]
fn an_open_transaction_of_4_3_1() {
    let (_, response) = exchange::<ListTransactionsRequest>("66-02.bin");
    let [state] = response.transaction_states.as_slice() else { panic!("not one transaction") };
    assert_eq!((state.transactional_id.as_str(), state.transaction_state.as_str()), ("payments", "Ongoing"));
}
