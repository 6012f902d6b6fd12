//! What a version can't carry is refused, unless Kafka's definition says that it may be left out.

use bytes::Bytes;
use strait_wire::codec::{DecodeError, Decoder, EncodeError, Encoder, Message};
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};
use strait_wire::message::metadata::{MetadataRequest, MetadataRequestTopic};
use strait_wire::message::offset_fetch::{OffsetFetchRequest, OffsetFetchRequestGroup};

fn encoded<M: Message>(message: &M, version: i16) -> Result<Bytes, EncodeError> {
    let mut out = Encoder::new();
    message.encode(version, &mut out)?;
    Ok(out.finish().concat().into())
}

fn again<M: Message>(message: &M, version: i16) -> M {
    let bytes = encoded(message, version).expect("encoded");
    M::decode(version, &mut Decoder::new(bytes)).expect("decoded")
}

#[test]
fn an_ignorable_field_is_left_out() {
    let request = FetchRequest { rack_id: "east".to_owned(), ..FetchRequest::default() };
    assert_eq!(again(&request, 11), request);
    assert_eq!(again(&request, 10), FetchRequest::default());
}

#[test]
fn a_field_that_matters_is_refused() {
    let group = OffsetFetchRequestGroup { group_id: "billing".to_owned(), ..Default::default() };
    let request = OffsetFetchRequest { groups: vec![group], ..OffsetFetchRequest::default() };
    assert!(encoded(&request, 8).is_ok());
    let refused = EncodeError::FieldNotInVersion { field: "groups", version: 7 };
    assert_eq!(encoded(&request, 7), Err(refused));
    let partition = FetchPartition { last_fetched_epoch: 4, ..FetchPartition::default() };
    let topic = FetchTopic { partitions: vec![partition], ..FetchTopic::default() };
    let request = FetchRequest { topics: vec![topic], ..FetchRequest::default() };
    let refused = EncodeError::FieldNotInVersion { field: "last_fetched_epoch", version: 11 };
    assert_eq!(encoded(&request, 11), Err(refused));
}

#[test]
fn null_is_refused_where_a_version_has_none() {
    let refused = EncodeError::UnexpectedNull { field: "topics", version: 0 };
    assert_eq!(encoded(&MetadataRequest::default(), 0), Err(refused));
    let null = Decoder::new(Bytes::from_static(&[0xff; 4]));
    let refused = DecodeError::UnexpectedNull { field: "topics", version: 0 };
    assert_eq!(MetadataRequest::decode(0, &mut null.clone()), Err(refused));
    let unnamed =
        MetadataRequest { topics: Some(vec![MetadataRequestTopic::default()]), ..Default::default() };
    let refused = EncodeError::UnexpectedNull { field: "name", version: 9 };
    assert_eq!(encoded(&unnamed, 9), Err(refused));
    assert!(encoded(&unnamed, 10).is_ok());
}

#[test]
fn a_version_outside_the_range_is_refused() {
    for version in [FetchRequest::MIN_VERSION - 1, FetchRequest::MAX_VERSION + 1] {
        let (message, min, max) = ("FetchRequest", 4, 18);
        let refused = EncodeError::UnsupportedVersion { message, version, min, max };
        assert_eq!(encoded(&FetchRequest::default(), version), Err(refused));
        let refused = DecodeError::UnsupportedVersion { message, version, min, max };
        assert_eq!(FetchRequest::decode(version, &mut Decoder::new(Bytes::new())), Err(refused));
    }
}
