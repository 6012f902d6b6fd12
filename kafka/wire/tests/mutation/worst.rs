//! Inputs made to take as much memory as they can, and long messages of real life, which must pass.

use bytes::Bytes;
use strait_wire::batch::{Compression, DecompressionLimit, Entry, closed_batches, open};
use strait_wire::codec::{DecodeError, Decoder, Encoder, Message};
use strait_wire::message::list_groups::{ListGroupsResponse, ListedGroup};
use strait_wire::message::metadata::{MetadataResponse, MetadataResponsePartition, MetadataResponseTopic};
use strait_wire::message::offset_delete::OffsetDeleteRequest;

use crate::generate::raw::{RawBatch, RawRecord};
use crate::measure::{allowed, alone, bounded};

const LIMIT: DecompressionLimit = DecompressionLimit(8 << 20);

fn without_field(mut error: DecodeError) -> DecodeError {
    while let DecodeError::Field { source, .. } = error {
        error = *source;
    }
    error
}

fn decode<M: Message>(version: i16, bytes: &[u8]) -> Result<M, DecodeError> {
    let input = Bytes::copy_from_slice(bytes);
    bounded(M::NAME, bytes, allowed(bytes.len()), || M::decode(version, &mut Decoder::new(input)))
}

fn encode<M: Message>(message: &M, version: i16) -> Vec<u8> {
    let mut out = Encoder::new();
    message.encode(version, &mut out).expect("encoded");
    out.finish().concat()
}

/// Empty strings: one byte each on the wire, 24 in memory, four in an element.
#[test]
fn an_array_of_empty_elements_is_refused_before_it_is_allocated() {
    let _alone = alone();
    let groups = vec![ListedGroup::default(); 100_000];
    let bytes = encode(&ListGroupsResponse { groups, ..Default::default() }, 5);
    let refused = decode::<ListGroupsResponse>(5, &bytes).map_err(without_field);
    assert!(matches!(refused, Err(DecodeError::TooMuchMemory { .. })), "{refused:?}");
}

/// An array announced in each element of an array, all over the same bytes that follow.
#[test]
fn announced_arrays_inside_each_other_take_no_more() {
    let _alone = alone();
    for count in [10_u32, 1_000, 100_000, i32::MAX as u32] {
        let mut bytes = vec![0, 1, b'g'];
        while bytes.len() < 200_000 {
            bytes.extend(count.to_be_bytes());
            bytes.extend([0, 1, b't']);
        }
        decode::<OffsetDeleteRequest>(0, &bytes).ok();
        decode::<MetadataResponse>(0, &bytes).ok();
    }
}

#[test]
fn long_messages_of_real_life_pass() {
    let _alone = alone();
    let partition = MetadataResponsePartition {
        replica_nodes: vec![1, 2, 3],
        isr_nodes: vec![1, 2, 3],
        ..Default::default()
    };
    let topic = |number: usize| MetadataResponseTopic {
        name: Some(format!("t{number}")),
        partitions: vec![partition.clone(); number % 4],
        ..Default::default()
    };
    let metadata = MetadataResponse { topics: (0..20_000).map(topic).collect(), ..Default::default() };
    for version in 0..=MetadataResponse::MAX_VERSION {
        assert!(decode::<MetadataResponse>(version, &encode(&metadata, version)).is_ok(), "{version}");
    }
    let group = |number| ListedGroup {
        group_id: format!("group-{number}"),
        protocol_type: "consumer".to_owned(),
        group_state: "Stable".to_owned(),
        group_type: "classic".to_owned(),
    };
    let groups = ListGroupsResponse { groups: (0..20_000).map(group).collect(), ..Default::default() };
    for version in 0..=ListGroupsResponse::MAX_VERSION {
        assert!(decode::<ListGroupsResponse>(version, &encode(&groups, version)).is_ok(), "{version}");
    }
}

fn open_log(log: &[u8], memory_per_byte: usize) -> usize {
    let bytes = Bytes::copy_from_slice(log);
    bounded("a batch", log, memory_per_byte * log.len() + (64 << 10), || {
        let Some(Ok(Entry::Closed(batch))) = closed_batches(bytes).next() else { panic!("no batch") };
        open(&batch, LIMIT).expect("records").len()
    })
}

fn batch(records: Vec<RawRecord>) -> Vec<u8> {
    let last_offset_delta = records.len() as i32 - 1;
    RawBatch { last_offset_delta, records, ..RawBatch::default() }.bytes(Compression::None)
}

/// Data is never refused, so what is opened may take more than a message: 104 bytes for a record of 7 bytes.
#[test]
fn empty_records() {
    let _alone = alone();
    let record = |offset_delta| RawRecord { offset_delta, ..RawRecord::default() };
    assert_eq!(open_log(&batch((0..50_000).map(record).collect()), 16), 50_000);
}

/// 64 bytes of memory for a header of two.
#[test]
fn empty_headers() {
    let _alone = alone();
    let record = RawRecord { headers: vec![(Vec::new(), None); 100_000], ..RawRecord::default() };
    assert_eq!(open_log(&batch(vec![record]), 33), 1);
}
