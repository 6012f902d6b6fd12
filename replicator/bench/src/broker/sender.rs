//! Sends requests that were encoded before, as fast as the broker answers.

use std::collections::VecDeque;
use std::io::{self, Read, Seek};
use std::time::Instant;

use strait_wire::message::produce::{ProduceRequest, ProduceResponse};

use super::requests::{PRODUCE_VERSION, Requests};
use super::wire::{RawConnection, check};
use crate::error::BenchError;

const REQUESTS_IN_FLIGHT: usize = 5;

/// Sends `count` requests; gives the time from each one to its answer in milliseconds.
pub(super) fn send(address: &str, requests: &Requests, count: u64) -> Result<Vec<f64>, BenchError> {
    let mut connection = RawConnection::open(address)?;
    let mut file = requests.open()?;
    let failed = |source| BenchError::File { path: requests.path(), source };
    let (mut sent, mut times) = (VecDeque::new(), Vec::new());
    let last = requests.frames.len() - 1;
    for (place, frame) in requests.frames.iter().enumerate().cycle().take(count as usize) {
        if sent.len() == REQUESTS_IN_FLIGHT {
            times.extend(answered(&mut connection, requests, &mut sent)?);
        }
        sent.push_back(Instant::now());
        // From file to socket without a way through this process.
        let copied = io::copy(&mut (&file).take(frame.length), &mut &connection.stream);
        copied.map_err(|source| connection.broken(source))?;
        if place == last {
            file.rewind().map_err(failed)?;
        }
    }
    while !sent.is_empty() {
        times.extend(answered(&mut connection, requests, &mut sent)?);
    }
    Ok(times)
}

fn answered(
    connection: &mut RawConnection,
    requests: &Requests,
    sent: &mut VecDeque<Instant>,
) -> Result<Option<f64>, BenchError> {
    connection.answer::<ProduceRequest, _>(PRODUCE_VERSION, |response: ProduceResponse| {
        let mut partitions = response.responses.iter().flat_map(|topic| &topic.partition_responses);
        partitions.try_for_each(|answer| check::<ProduceRequest>(&requests.topic, answer.error_code))
    })?;
    Ok(sent.pop_front().map(|at| at.elapsed().as_secs_f64() * 1_000.0))
}
