//! Memory that reads of files fill again and again: a new buffer for each would have to be cleared first, and taken from
//! the system anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// What a consumer asks of a partition by default. Longer reads get memory of their own, and those that would hold much
/// more than they need.
const BUFFER_BYTES: usize = 1 << 20;
const SHORTEST: usize = BUFFER_BYTES / 2;

/// Buffers that logs share ([`crate::PartitionLog::share_read_buffers`]).
#[derive(Debug)]
pub struct ReadBuffers {
    kept: usize,
    idle: Mutex<Vec<Vec<u8>>>,
}

/// Goes back to the others when the last slice of it is dropped.
struct Lent {
    buffer: Vec<u8>,
    length: usize,
    home: Arc<ReadBuffers>,
}

impl ReadBuffers {
    /// Keeps at most so many buffers of 1 MiB for the next reads.
    pub fn new(kept: usize) -> Self {
        Self { kept, idle: Mutex::default() }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `fill` write up to `length` bytes; it gives how many it wrote.
    pub(crate) fn fill<E>(
        self: &Arc<Self>,
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<Bytes, E> {
        if !(SHORTEST..=BUFFER_BYTES).contains(&length) || self.kept == 0 {
            let mut buffer = vec![0; length];
            let filled = fill(&mut buffer)?;
            buffer.truncate(filled);
            return Ok(buffer.into());
        }
        let mut buffer = self.idle().pop().unwrap_or_else(|| vec![0; BUFFER_BYTES]);
        let filled = fill(&mut buffer[..length]);
        let lent = |length| Lent { buffer, length, home: Arc::clone(self) };
        filled.map(|length| Bytes::from_owner(lent(length)))
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut idle = self.home.idle();
        if idle.len() < self.home.kept {
            idle.push(std::mem::take(&mut self.buffer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(buffers: &Arc<ReadBuffers>, length: usize, byte: u8) -> Bytes {
        let filled = buffers.fill(length, |buffer| {
            buffer.fill(byte);
            Ok::<usize, ()>(buffer.len() - 1)
        });
        filled.expect("filled")
    }

    #[test]
    fn memory_comes_back_when_nobody_reads_it_any_more() {
        let buffers = Arc::new(ReadBuffers::new(1));
        let (first, second) = (filled(&buffers, SHORTEST, 1), filled(&buffers, BUFFER_BYTES, 2));
        let part = first.slice(3..);
        drop(first);
        assert_eq!((part.len(), part[0], second.len(), second[0]), (SHORTEST - 4, 1, BUFFER_BYTES - 1, 2));
        assert_eq!(buffers.idle().len(), 0);
        drop(part);
        assert_eq!(buffers.idle().len(), 1);
        let again = filled(&buffers, SHORTEST + 1, 3);
        assert_eq!((again.len(), again[0], buffers.idle().len()), (SHORTEST, 3, 0));
        drop((again, second));
        assert_eq!(buffers.idle().len(), 1);
        assert_eq!(buffers.fill(SHORTEST, |_| Err("no")), Err("no"));
    }

    #[test]
    fn what_does_not_fit_has_memory_of_its_own() {
        let buffers = Arc::new(ReadBuffers::new(1));
        for length in [1, SHORTEST - 1, BUFFER_BYTES + 1] {
            assert_eq!(filled(&buffers, length, 4).len(), length - 1);
            assert!(buffers.idle().is_empty());
        }
    }
}
