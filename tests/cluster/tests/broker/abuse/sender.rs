//! Frames in bursts on connections that are used until the broker closes them.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

use super::spoil::Sent;

const BURST: usize = 16;
/// Whoever is silent this long waits for something, as a group's member may.
const SILENCE: Duration = Duration::from_secs(1);
/// ApiVersions 0 with a number of its own: the answer to it comes after all others.
const LAST: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0x5a, 0x5a, 0x5a, 0x5a, 0xff, 0xff];
const LAST_NUMBER: &[u8] = &[0x5a, 0x5a, 0x5a, 0x5a];

/// What came of the frames.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    pub(super) sent: u64,
    pub(super) answered: u64,
    /// Ended the connection.
    pub(super) refused: u64,
    /// Neither in a second.
    pub(super) waiting: u64,
}

impl Outcome {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            answered: self.answered + other.answered,
            refused: self.refused + other.refused,
            waiting: self.waiting + other.waiting,
        }
    }
}

/// How a burst ended.
enum End {
    /// All were answered.
    Answered,
    Closed,
    Silent,
}

/// Sends all frames, so that each came to the broker's attention.
pub(super) fn send(address: &str, frames: impl Iterator<Item = Sent>) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut frames = frames.peekable();
    let mut burst: Vec<Sent> = Vec::new();
    let mut connection = None;
    while frames.peek().is_some() || !burst.is_empty() {
        while burst.len() < BURST && !burst.last().is_some_and(|sent| sent.is_torn) {
            let Some(next) = frames.next() else { break };
            burst.push(next);
        }
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => connect(address)?,
        };
        let (answers, end) = exchange(&mut stream, &burst);
        let answered = answers.min(burst.len());
        let mut done = answered;
        match end {
            End::Answered => {
                // Some have no answer: a produce request without acknowledgement.
                done = burst.len();
                connection = Some(stream);
            }
            End::Closed if answered < burst.len() => {
                outcome.refused += 1;
                done += 1;
            }
            End::Closed => {}
            End::Silent => {
                outcome.waiting += 1;
                done = (done + 1).min(burst.len());
            }
        }
        outcome.answered += answered as u64;
        outcome.sent += done as u64;
        burst.drain(..done);
    }
    Ok(outcome)
}

fn connect(address: &str) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).context("the broker listens")?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Sends a burst and reads until its end; gives the number of answers. The broker may close it at any byte.
fn exchange(stream: &mut TcpStream, burst: &[Sent]) -> (usize, End) {
    let mut bytes = burst.iter().map(|sent| sent.bytes.as_slice()).collect::<Vec<_>>().concat();
    match burst.last() {
        Some(last) if last.is_torn => {}
        _ => bytes.extend(LAST),
    }
    let _ = stream.write_all(&bytes);
    if burst.last().is_some_and(|last| last.is_torn) {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answers = 0;
    loop {
        match answer(stream) {
            Ok(number) if number == LAST_NUMBER => return (answers, End::Answered),
            Ok(_) => answers += 1,
            Err(ErrorKind::WouldBlock | ErrorKind::TimedOut) => return (answers, End::Silent),
            Err(_) => return (answers, End::Closed),
        }
    }
}

/// The number of the next answer.
fn answer(stream: &mut TcpStream) -> Result<Vec<u8>, ErrorKind> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).map_err(|error| error.kind())?;
    let length = usize::try_from(i32::from_be_bytes(length)).map_err(|_| ErrorKind::InvalidData)?;
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).map_err(|error| error.kind())?;
    frame.truncate(4);
    Ok(frame)
}
