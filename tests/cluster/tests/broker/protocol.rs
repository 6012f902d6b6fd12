//! Requests that no client library sends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::Result;
use strait_cluster_tests::world::World;

use crate::process::Broker;

/// A request without a body, framed, with correlation id 7 and client id `odd`.
fn request(key: i16, version: i16) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(key.to_be_bytes());
    body.extend(version.to_be_bytes());
    body.extend(7_i32.to_be_bytes());
    body.extend(3_i16.to_be_bytes());
    body.extend(b"odd");
    let mut frame = i32::try_from(body.len()).expect("short").to_be_bytes().to_vec();
    frame.extend(body);
    frame
}

/// Sends bytes and reads until the broker closes the connection or a frame came.
fn exchange(address: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(bytes)?;
    let mut length = [0; 4];
    if stream.read(&mut length)? == 0 {
        return Ok(Vec::new());
    }
    let mut frame = vec![0; usize::try_from(i32::from_be_bytes(length))?];
    stream.read_exact(&mut frame)?;
    Ok(frame)
}

#[test]
fn what_is_not_served_closes_the_connection() {
    let Some(world) = World::enter("what_is_not_served_closes_the_connection") else { return };
    let broker = Broker::start(&world.folder().join("a"), &[]).expect("a broker");
    let answer = |bytes: &[u8]| exchange(&broker.address(), bytes).expect("an answer or an end");
    for (key, version) in [(999, 0), (3, 99), (0, 2), (-1, -1)] {
        assert!(answer(&request(key, version)).is_empty(), "key {key}, version {version}");
    }
    let log = broker.log();
    assert!(log.contains("client id `odd`, METADATA (3), version 99"), "{log}");
    // Lengths that no request has, and no header.
    for length in [-1_i32, 0, 3, i32::MAX] {
        assert!(answer(&length.to_be_bytes()).is_empty(), "length {length}");
    }
    assert!(answer(&[&12_i32.to_be_bytes()[..], &[0xff; 12]].concat()).is_empty());
    // A newer ApiVersions is answered in version 0: correlation id, UNSUPPORTED_VERSION, the versions of one key.
    let newer = answer(&request(18, 99));
    let expected: &[u8] = &[0, 0, 0, 7, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4];
    assert_eq!(newer.as_slice(), expected);
    // And the broker is well.
    assert!(answer(&request(18, 0)).starts_with(&[0, 0, 0, 7, 0, 0]));
}
