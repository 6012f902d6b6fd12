//! Golden bytes of every key and value, and what a reader refuses.

use bytes::Bytes;
use proptest::prelude::*;

use strait_wire::ids::Uuid;

use super::*;
use crate::acl_plan::{AclOrigin, Operation, Permission, TopicAcl, TopicPattern};
use crate::principal_plan::{ClientQuota, EntityName, Principal, QuotaEntity, ScramMechanism, ScramUser};

/// Version 0, kind position.
const POSITION_OF_BEFORE: [u8; 3] = [0, 0, 2];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn position_value() -> Value {
    Value::Position(StoredPosition {
        generation: 3,
        source_topic_id: Uuid([0x11; 16]),
        leader_epoch: 7,
        source_offset: 256,
        target_offset: -1,
        sequences: vec![("c1".to_owned(), 255)],
        map: Bytes::from_static(&[0xab, 0xcd]),
    })
}

fn acl() -> TopicAcl {
    TopicAcl {
        topics: TopicPattern::prefixed("a.orders"),
        principal: "User:bob".to_owned(),
        host: "*".to_owned(),
        operation: Operation::READ,
        permission: Permission::Deny,
    }
}

fn quota(user: Option<EntityName>, client_id: Option<EntityName>) -> Key {
    let quota = ClientQuota { entity: QuotaEntity { user, client_id }, key: "rate".to_owned() };
    principal(Principal::Quota(quota))
}

fn principal(principal: Principal) -> Key {
    Key::Principal { flow: "a--b".to_owned(), source_cluster_id: "c1".to_owned(), principal }
}

#[test]
fn keys_have_golden_bytes() {
    let flow = || "a--b".to_owned();
    let source_cluster_id = || "c1".to_owned();
    let table = [
        (
            Key::Producer { flow: flow(), origin_cluster_id: source_cluster_id(), transactional: false },
            "0000".to_owned() + "01" + "04612d2d62" + "026331",
        ),
        (
            Key::Producer { flow: flow(), origin_cluster_id: source_cluster_id(), transactional: true },
            "0000".to_owned() + "05" + "04612d2d62" + "026331",
        ),
        (
            Key::Loss {
                flow: flow(),
                source_cluster_id: source_cluster_id(),
                topic: "orders".to_owned(),
                partition: 3,
                first_offset: 16,
            },
            "0000".to_owned()
                + "04"
                + "04612d2d62"
                + "026331"
                + "066f7264657273"
                + "00000003"
                + "0000000000000010",
        ),
        (
            Key::MapChunk {
                flow: flow(),
                source_cluster_id: source_cluster_id(),
                topic: "orders".to_owned(),
                partition: 3,
                first_offset: 16,
            },
            "0000".to_owned()
                + "06"
                + "04612d2d62"
                + "026331"
                + "066f7264657273"
                + "00000003"
                + "0000000000000010",
        ),
        (
            Key::Position {
                flow: flow(),
                source_cluster_id: source_cluster_id(),
                topic: "orders".to_owned(),
                partition: 3,
            },
            "0000".to_owned() + "02" + "04612d2d62" + "026331" + "066f7264657273" + "00000003",
        ),
        (Key::Owner { flow: flow() }, "0000".to_owned() + "03" + "04612d2d62"),
        (
            Key::Acl { flow: flow(), source_cluster_id: source_cluster_id(), acl: acl() },
            "0000".to_owned()
                + "07"
                + "04612d2d62"
                + "026331"
                + "04"
                + "08612e6f7264657273"
                + "08557365723a626f62"
                + "012a"
                + "03"
                + "02",
        ),
        (
            quota(Some(EntityName::Named("bob".to_owned())), Some(EntityName::Default)),
            "0000".to_owned() + "09" + "04612d2d62" + "026331" + "0203626f62" + "01" + "0472617465",
        ),
        (
            quota(None, Some(EntityName::Default)),
            "0000".to_owned() + "09" + "04612d2d62" + "026331" + "00" + "01" + "0472617465",
        ),
        (
            principal(Principal::User(ScramUser {
                name: "bob".to_owned(),
                mechanism: ScramMechanism::Sha512,
            })),
            "0000".to_owned() + "0a" + "04612d2d62" + "026331" + "03626f62" + "02",
        ),
        (
            Key::Worker { group: "g".to_owned(), instance: "pod-0".to_owned() },
            "0000".to_owned() + "08" + "0167" + "05706f642d30",
        ),
    ];
    for (key, golden) in table {
        assert_eq!(hex(&key.encode()), golden, "{key:?}");
        assert_eq!(Key::decode(key.encode()), Ok(key));
    }
}

#[test]
fn values_have_golden_bytes() {
    let table = [
        (
            Value::Producer { producer_id: 4001, producer_epoch: 2, target_cluster_id: "t1".to_owned() },
            "0000".to_owned() + "01" + "0000000000000fa1" + "0002" + "027431",
        ),
        (
            position_value(),
            "0001".to_owned()
                + "02"
                + "0000000000000003"
                + &"11".repeat(16)
                + "00000007"
                + "0000000000000100"
                + "ffffffffffffffff"
                + "0001"
                + "026331"
                + "000000ff"
                + "02abcd",
        ),
        (
            Value::Loss { reason: "recreated".to_owned(), last_offset: -1, at_ms: 5 },
            "0000".to_owned() + "04" + "09" + "726563726561746564" + "ffffffffffffffff" + "0000000000000005",
        ),
        (
            Value::MapChunk { source_topic_id: Uuid([0x11; 16]), chunk: Bytes::from_static(&[1, 2]) },
            "0000".to_owned() + "06" + &"11".repeat(16) + "020102",
        ),
        (
            Value::Owner { instance: "pod-0".to_owned(), generation: 9 },
            "0000".to_owned() + "03" + "05706f642d30" + "0000000000000009",
        ),
        (
            Value::Acl(AclOrigin { cluster_id: "c1".to_owned(), topics: TopicPattern::literal("orders") }),
            "0000".to_owned() + "07" + "026331" + "03" + "066f7264657273",
        ),
        (Value::Principal { origin_cluster_id: "c1".to_owned() }, "000009".to_owned() + "026331"),
        (Value::Worker { is_draining: true }, "000008".to_owned() + "01"),
    ];
    for (value, golden) in table {
        assert_eq!(hex(&value.encode()), golden, "{value:?}");
        assert_eq!(Value::decode(value.encode()), Ok(value));
    }
}

#[test]
fn a_length_above_127_takes_two_bytes() {
    let key = Key::Owner { flow: "x".repeat(300) };
    assert_eq!(hex(&key.encode()[..5]), "000003ac02");
    assert_eq!(Key::decode(key.encode()), Ok(key));
}

#[test]
fn what_is_not_ours_is_named() {
    let table: [(&[u8], StateRecordError); 8] = [
        (&[], StateRecordError::Truncated { at: 0, needed: 2, remaining: 0 }),
        (&[0, 1, 3, 0], StateRecordError::UnknownVersion { version: 1 }),
        (&[0, 0, 11], StateRecordError::UnknownKind { kind: 11, version: 0 }),
        (&[0, 0, 3, 5, b'a'], StateRecordError::Truncated { at: 4, needed: 5, remaining: 1 }),
        (&[0, 0, 3, 1, 0xff], StateRecordError::NotUtf8 { at: 4 }),
        (&[0, 0, 3, 1, b'a', 0], StateRecordError::TrailingBytes { at: 5, remaining: 1 }),
        (&[0, 0, 3, 0x81, 0x00, b'a'], StateRecordError::MalformedLength { at: 3 }),
        (
            &[0, 0, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
            StateRecordError::MalformedLength { at: 3 },
        ),
    ];
    for (bytes, expected) in table {
        assert_eq!(Key::decode(bytes), Err(expected), "{bytes:?}");
    }
}

#[test]
fn codes_of_rules_are_known_or_named() {
    let bytes = [0, 0, 7, 0, 0, 1, 1, b't', 1, b'p', 1, b'*', 3, 3];
    assert_eq!(Key::decode(bytes), Err(StateRecordError::UnknownCode { at: 5, code: 1 }));
    let bytes = [0, 0, 7, 0, 0, 3, 1, b't', 1, b'p', 1, b'*', 3, 9];
    assert_eq!(Key::decode(bytes), Err(StateRecordError::UnknownCode { at: 13, code: 9 }));
    assert_eq!(Key::decode([0, 0, 9, 0, 0, 3]), Err(StateRecordError::UnknownCode { at: 5, code: 3 }));
    let bytes = [0, 0, 10, 0, 0, 1, b'u', 3];
    assert_eq!(Key::decode(bytes), Err(StateRecordError::UnknownCode { at: 7, code: 3 }));
}

#[test]
fn a_position_of_before_has_no_map() {
    let mut bytes = position_value().encode().to_vec();
    bytes[1] = 0;
    bytes.truncate(bytes.len() - 3);
    let Ok(Value::Position(position)) = Value::decode(&bytes) else { panic!("a position") };
    assert_eq!((position.source_offset, position.map), (256, Bytes::new()));
}

#[test]
fn every_shorter_value_is_truncated() {
    let bytes = position_value().encode();
    for length in 0..bytes.len() {
        let result = Value::decode(&bytes[..length]);
        assert!(matches!(result, Err(StateRecordError::Truncated { .. })), "{length}: {result:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(key) = Key::decode(&bytes) {
            prop_assert_eq!(&key.encode()[..], &bytes[..]);
        }
        if let Ok(value) = Value::decode(&bytes)
            && bytes[..3] != POSITION_OF_BEFORE
        {
            prop_assert_eq!(&value.encode()[..], &bytes[..]);
        }
    }

    #[test]
    fn a_key_comes_back(flow in ".{0,200}", cluster in ".{0,40}", topic in ".{0,249}", partition: i32) {
        let key = Key::Position { flow, source_cluster_id: cluster, topic, partition };
        prop_assert_eq!(Key::decode(key.encode()), Ok(key));
    }
}

#[test]
fn what_others_wrote_is_told_from_what_a_newer_strait_did() {
    for (bytes, is_of_newer) in [
        (&b"hello"[..], false),
        (b"", false),
        (b"\x00", false),
        (b"\x00\x02", true),
        (b"\x00\xff\x01", true),
        (b"\x01\x00\x01", false),
        (b"\xff\xff", false),
        (b"\x00\x00\x63", true),
        (b"\x00\x00\x02\x05", false),
    ] {
        let error = Key::decode(bytes).expect_err("no key");
        assert_eq!(error.is_of_newer_strait(), is_of_newer, "{bytes:?}: {error}");
    }
}
