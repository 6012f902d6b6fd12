//! Sends requests that were encoded before, as fast as the broker answers.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::time::Instant;

use strait_wire::message::produce::{ProduceRequest, ProduceResponse};

use super::requests::{Framed, PRODUCE_VERSION, Requests};
use super::wire::{RawConnection, check};
use crate::error::BenchError;

const REQUESTS_IN_FLIGHT: usize = 5;
/// Answers are short.
const BUFFER: usize = 4 << 10;

/// Sends `count` requests; gives the time from each one to its answer in milliseconds.
pub(super) fn send(address: &str, requests: &Requests, count: u64) -> Result<Vec<f64>, BenchError> {
    let mut connection = RawConnection::open(address, BUFFER)?;
    let file = requests.open()?;
    let (mut sent, mut times) = (VecDeque::new(), Vec::new());
    for frame in requests.frames.iter().cycle().take(count as usize) {
        if sent.len() == REQUESTS_IN_FLIGHT {
            times.extend(answered(&mut connection, requests, &mut sent)?);
        }
        sent.push_back(Instant::now());
        send_file(&connection.stream, &file, frame).map_err(|source| connection.broken(source))?;
    }
    while !sent.is_empty() {
        times.extend(answered(&mut connection, requests, &mut sent)?);
    }
    Ok(times)
}

/// From file to socket without a way through this process. (`std::io::copy` reads and writes 8 KiB at a time.)
fn send_file(stream: &TcpStream, file: &File, frame: &Framed) -> io::Result<()> {
    let (mut place, end) = (frame.begin, frame.begin + frame.length);
    while place < end {
        let missing = (end - place) as usize;
        if rustix::fs::sendfile(stream, file, Some(&mut place), missing)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
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
