//! Reads partitions from their begin up to where they will end, without looking into batches.

use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchTopic};

use super::fetched::{self, FETCH_VERSION};
use super::wire::{RawConnection, check};
use crate::error::BenchError;

/// Half of what a core's own cache has on most machines.
const BUFFER: usize = 512 << 10;
/// Defaults of Kafka's consumer.
const MAX_WAIT_MS: i32 = 500;
const MAX_BYTES: i32 = 52_428_800;
const PARTITION_MAX_BYTES: i32 = 1_048_576;

/// One partition and where it will end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) partition: i32,
    pub(super) end: u64,
}

/// Reads all of `parts`; gives the bytes.
pub(super) fn read(address: &str, topic: &str, parts: &[Part]) -> Result<u64, BenchError> {
    let mut connection = RawConnection::open(address, BUFFER)?;
    let mut offsets: Vec<i64> = vec![0; parts.len()];
    let mut bytes = 0;
    while offsets.iter().zip(parts).any(|(offset, part)| (*offset as u64) < part.end) {
        connection.send(&request(topic, parts, &offsets), FETCH_VERSION)?;
        let answer = fetched::walk(&mut connection.reader);
        let (error_code, fetched) = answer.map_err(|source| connection.broken(source))?;
        check::<FetchRequest>(topic, error_code)?;
        for one in fetched {
            check::<FetchRequest>(topic, one.error_code)?;
            bytes += one.bytes;
            let place = parts.iter().position(|part| part.partition == one.partition);
            if let (Some(place), Some(next)) = (place, one.next_offset) {
                offsets[place] = offsets[place].max(next);
            }
        }
    }
    Ok(bytes)
}

fn request(topic: &str, parts: &[Part], offsets: &[i64]) -> FetchRequest {
    let partitions = parts.iter().zip(offsets).map(|(part, offset)| FetchPartition {
        partition: part.partition,
        fetch_offset: *offset,
        partition_max_bytes: PARTITION_MAX_BYTES,
        ..FetchPartition::default()
    });
    let partitions = partitions.collect();
    FetchRequest {
        max_wait_ms: MAX_WAIT_MS,
        min_bytes: 1,
        max_bytes: MAX_BYTES,
        topics: vec![FetchTopic { topic: topic.to_owned(), partitions, ..FetchTopic::default() }],
        ..FetchRequest::default()
    }
}
