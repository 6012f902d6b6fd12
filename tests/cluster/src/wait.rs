//! Waiting for a state, with a deadline and a message.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// Asks `check` until it gives a value. `what` says what was awaited; the last error or state goes into the message.
pub fn until<T>(what: &str, limit: Duration, mut check: impl FnMut() -> Result<Attempt<T>>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        let seen = match check() {
            Ok(Attempt::Done(value)) => return Ok(value),
            Ok(Attempt::NotYet(seen)) => seen,
            Err(error) => format!("{error:#}"),
        };
        if Instant::now() >= deadline {
            bail!("{what}: not within {} s; last seen: {seen}", limit.as_secs());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// What one look at a state gave.
#[derive(Debug)]
pub enum Attempt<T> {
    /// It is as awaited.
    Done(T),
    /// It is not; this is how it looks.
    NotYet(String),
}
