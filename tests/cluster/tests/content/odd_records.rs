//! Records at the edges of the format: no key, no value, nothing in them, very large, odd headers.

use rdkafka::Message;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::random::Random;
use strait_cluster_tests::topic::KEPT;
use strait_cluster_tests::writer::Writer;
use strait_cluster_tests::{reader, topic};

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
const LARGE: usize = 900 << 10;

#[derive(Clone, Default)]
struct Odd {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Option<OwnedHeaders>,
    timestamp: i64,
}

pub(crate) fn arrive_as_they_were(bridge: &Bridge) {
    for codec in CODECS {
        let name = format!("odd-{codec}");
        topic::create(&bridge.east, &name, 2, &[KEPT]).expect("a topic");
        fill(bridge, &name, codec);
        assert_shapes(bridge, &name);
    }
    let mut strait = bridge.strait("odd", "odd-.*", "");
    for codec in CODECS {
        bridge.assert_copied(&mut strait, &format!("odd-{codec}"));
    }
}

fn fill(bridge: &Bridge, topic: &str, codec: &str) {
    let mut writer =
        Writer::open(&bridge.east.address(), &[("compression.type", codec)]).expect("a producer");
    for (number, odd) in (0..).zip(odd_records()) {
        let mut record = BaseRecord::<[u8], [u8]>::to(topic).partition(number % 2).timestamp(odd.timestamp);
        record.key = odd.key.as_deref();
        record.payload = odd.value.as_deref();
        record.headers = odd.headers;
        writer.send(record).expect("sent");
    }
    writer.flush().expect("acknowledged");
}

fn odd_records() -> Vec<Odd> {
    let mut random = Random::new(1);
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    let mut noise = || Some((0..LARGE / 8).flat_map(|_| random.bits().to_be_bytes()).collect::<Vec<u8>>());
    let plain = Odd { key: bytes("key"), value: bytes("value"), headers: None, timestamp: 1_700_000_000_000 };
    let shapes = vec![
        plain.clone(),
        Odd { key: None, ..plain.clone() },
        Odd { key: bytes(""), ..plain.clone() },
        Odd { value: None, ..plain.clone() },
        Odd { value: bytes(""), ..plain.clone() },
        Odd { key: None, value: None, ..plain.clone() },
        Odd { key: bytes(""), value: bytes(""), ..plain.clone() },
        Odd { key: Some(vec![0, 255, 254, 128]), value: Some(vec![255; 3]), ..plain.clone() },
        Odd { timestamp: 0, ..plain.clone() },
        Odd { timestamp: 1, ..plain.clone() },
        Odd { headers: Some(doubled_headers()), ..plain.clone() },
        Odd { headers: Some(many_headers()), ..plain.clone() },
        Odd { headers: Some(doubled_headers()), key: None, value: None, ..plain.clone() },
        Odd { value: noise(), ..plain.clone() },
        Odd { value: Some(vec![0; LARGE]), ..plain.clone() },
        Odd { key: noise(), value: None, ..plain.clone() },
    ];
    // Each shape in both partitions, and next to every other kind of neighbour.
    shapes
        .iter()
        .flat_map(|shape| [shape.clone(), shape.clone(), plain.clone()])
        .chain(shapes.clone())
        .collect()
}

fn doubled_headers() -> OwnedHeaders {
    let binary: &[u8] = &[0, 255, 128];
    OwnedHeaders::new()
        .insert(Header { key: "hop", value: Some("second") })
        .insert(Header { key: "hop", value: Some("first") })
        .insert(Header { key: "hop", value: Some("second") })
        .insert(Header::<&str> { key: "hop", value: None })
        .insert(Header { key: "hop", value: Some("") })
        .insert(Header { key: "", value: Some("no name") })
        .insert(Header { key: "größe", value: Some(binary) })
}

fn many_headers() -> OwnedHeaders {
    (0..500).fold(OwnedHeaders::new(), |headers, number| {
        let (key, value) = (format!("header-{}", number % 100), "x".repeat(number));
        headers.insert(Header { key: &key, value: Some(&value) })
    })
}

/// That the source holds what this test is about.
fn assert_shapes(bridge: &Bridge, topic: &str) {
    let (mut keyless, mut empty_keys, mut tombstones, mut empty_values, mut large) = (0, 0, 0, 0, 0);
    reader::every(&bridge.east, topic, |message| {
        match message.key() {
            None => keyless += 1,
            Some([]) => empty_keys += 1,
            Some(_) => {}
        }
        match message.payload() {
            None => tombstones += 1,
            Some([]) => empty_values += 1,
            Some(value) => large += usize::from(value.len() >= LARGE),
        }
    })
    .expect("the source");
    let counts = [keyless, empty_keys, tombstones, empty_values, large];
    assert!(counts.iter().all(|count| *count > 0), "{counts:?} in {topic}");
}
