//! Walks the answer to a Fetch as it comes, through a buffer that stays in the CPU's cache: batches are looked at and
//! dropped.

use std::io::{self, BufRead};

use strait_wire::batch::{BatchHeader, HEADER_LENGTH};

/// Last version before lengths of variable size and tagged fields (KIP-482).
pub(super) const FETCH_VERSION: i16 = 11;
/// High watermark, last stable offset, log start offset.
const OFFSETS: u64 = 24;
/// Producer id and first offset.
const ABORTED_TRANSACTION: u64 = 16;

/// What came of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fetched {
    pub(super) partition: i32,
    pub(super) error_code: i16,
    /// Of its whole batches.
    pub(super) bytes: u64,
    /// Behind the last whole batch; none where there is none.
    pub(super) next_offset: Option<i64>,
}

/// Reads one answer with its length; gives the error code of all and each partition.
pub(super) fn walk(reader: &mut impl BufRead) -> io::Result<(i16, Vec<Fetched>)> {
    let [_length, _correlation_id, _throttle_time] = [int32(reader)?, int32(reader)?, int32(reader)?];
    let (error_code, _session_id) = (int16(reader)?, int32(reader)?);
    let mut fetched = Vec::new();
    for _topic in 0..int32(reader)? {
        let name_length = u64::try_from(int16(reader)?).unwrap_or(0);
        skip(reader, name_length)?;
        for _partition in 0..int32(reader)? {
            fetched.push(partition(reader)?);
        }
    }
    Ok((error_code, fetched))
}

fn partition(reader: &mut impl BufRead) -> io::Result<Fetched> {
    let (partition, error_code) = (int32(reader)?, int16(reader)?);
    skip(reader, OFFSETS)?;
    let aborted = u64::try_from(int32(reader)?).unwrap_or(0);
    skip(reader, aborted * ABORTED_TRANSACTION)?;
    let _preferred_read_replica = int32(reader)?;
    let mut left = usize::try_from(int32(reader)?).unwrap_or(0);
    let mut fetched = Fetched { partition, error_code, bytes: 0, next_offset: None };
    while left >= HEADER_LENGTH {
        let mut header = [0; HEADER_LENGTH];
        reader.read_exact(&mut header)?;
        left -= HEADER_LENGTH;
        let header = BatchHeader::peek(&header).ok_or(io::ErrorKind::InvalidData)?;
        let size = header.total_size().ok_or(io::ErrorKind::InvalidData)?;
        // The last batch may be cut.
        let Some(behind) = left.checked_sub(size - HEADER_LENGTH) else { break };
        skip(reader, (left - behind) as u64)?;
        left = behind;
        fetched.bytes += size as u64;
        fetched.next_offset = Some(header.next_offset());
    }
    skip(reader, left as u64)?;
    Ok(fetched)
}

fn skip(reader: &mut impl BufRead, mut bytes: u64) -> io::Result<()> {
    while bytes > 0 {
        let here = reader.fill_buf()?.len().min(usize::try_from(bytes).unwrap_or(usize::MAX));
        if here == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        reader.consume(here);
        bytes -= here as u64;
    }
    Ok(())
}

fn int16(reader: &mut impl BufRead) -> io::Result<i16> {
    let mut bytes = [0; 2];
    reader.read_exact(&mut bytes)?;
    Ok(i16::from_be_bytes(bytes))
}

fn int32(reader: &mut impl BufRead) -> io::Result<i32> {
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes)?;
    Ok(i32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, Bytes};
    use strait_wire::batch::{BatchBuilder, Compression, Stamp};

    use super::*;

    fn answer(records: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.put_i32(0);
        bytes.put_i32(7);
        bytes.put_i32(0);
        bytes.put_i16(0);
        bytes.put_i32(0);
        bytes.put_i32(1);
        bytes.put_i16(5);
        bytes.put_slice(b"topic");
        bytes.put_i32(1);
        bytes.put_i32(3);
        bytes.put_i16(6);
        [10, 10, 0].into_iter().for_each(|offset| bytes.put_i64(offset));
        bytes.put_i32(1);
        bytes.put_bytes(0, ABORTED_TRANSACTION as usize);
        bytes.put_i32(-1);
        bytes.put_i32(records.len() as i32);
        bytes.put_slice(records);
        bytes
    }

    #[test]
    fn whole_batches_are_counted() {
        let mut builder = BatchBuilder::new(Compression::None, 0);
        (0..3).for_each(|_| builder.push(0, None, Some(&Bytes::from_static(b"value")), &[]));
        let batch = builder.finish(Stamp::NONE, 0).unwrap();
        let (size, batch) = (batch.size(), batch.bytes());
        let cases = [(batch.len(), 1), (batch.len() - 1, 0), (HEADER_LENGTH - 1, 0), (0, 0)];
        for (length, whole) in cases {
            let bytes = answer(&[&batch[..], &batch[..length]].concat());
            let mut rest = &bytes[..];
            let (error_code, fetched) = walk(&mut rest).unwrap();
            let bytes = (1 + whole) * size as u64;
            let expected = Fetched { partition: 3, error_code: 6, bytes, next_offset: Some(3) };
            assert_eq!((error_code, fetched.as_slice(), rest.len()), (0, [expected].as_slice(), 0));
        }
        assert!(walk(&mut &answer(batch)[..100]).is_err());
    }
}
