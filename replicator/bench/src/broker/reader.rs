//! Reads partitions from their begin up to where they will end, without looking into batches.

use strait_wire::batch::{Entry, closed_batches};
use strait_wire::message::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic};

use super::wire::{RawConnection, check};
use crate::error::BenchError;

/// Last version with topics by name.
const FETCH_VERSION: i16 = 12;
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
    let mut connection = RawConnection::open(address)?;
    let mut offsets: Vec<i64> = vec![0; parts.len()];
    let mut bytes = 0;
    while offsets.iter().zip(parts).any(|(offset, part)| (*offset as u64) < part.end) {
        connection.send(&request(topic, parts, &offsets), FETCH_VERSION)?;
        bytes += connection.answer::<FetchRequest, _>(FETCH_VERSION, |response| {
            check::<FetchRequest>(topic, response.error_code)?;
            take(topic, response, parts, &mut offsets)
        })?;
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

/// Moves the offsets behind what came.
fn take(
    topic: &str,
    response: FetchResponse,
    parts: &[Part],
    offsets: &mut [i64],
) -> Result<u64, BenchError> {
    let mut bytes = 0;
    for data in response.responses.into_iter().flat_map(|topic| topic.partitions) {
        check::<FetchRequest>(topic, data.error_code)?;
        let Some(records) = data.records else { continue };
        bytes += records.len() as u64;
        let place = parts.iter().position(|part| part.partition == data.partition_index);
        for entry in closed_batches(records.into_bytes()) {
            if let (Entry::Closed(batch), Some(place)) = (entry?, place) {
                offsets[place] = offsets[place].max(batch.header().next_offset());
            }
        }
    }
    Ok(bytes)
}
