//! MirrorMaker 2's own records (`OffsetSync`, `Checkpoint`, `Heartbeat`), which its clients and tools read.
//!
//! Plain big-endian fields; a string is its length in two bytes and UTF-8. Values of checkpoints and heartbeats begin
//! with a version, keys and offset syncs have none.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The version of checkpoints and heartbeats that is written and read.
const VERSION: i16 = 0;

/// Why bytes are no record of MirrorMaker 2. Its own readers skip such records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mm2RecordError {
    #[error("ends early: {needed} bytes needed, {remaining} left")]
    Truncated { needed: usize, remaining: usize },
    #[error("{remaining} bytes are left over")]
    TrailingBytes { remaining: usize },
    #[error("version {version} is not known, only {VERSION}")]
    UnknownVersion { version: i16 },
    #[error("a string has the length {length}")]
    InvalidLength { length: i16 },
    #[error("a string is not UTF-8")]
    NotUtf8,
}

/// Key and value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mm2Record {
    pub key: Bytes,
    pub value: Bytes,
}

/// A record of the source became a record of the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetSync {
    /// The source's name of the topic.
    pub topic: String,
    pub partition: i32,
    pub upstream_offset: i64,
    pub downstream_offset: i64,
}

/// Where a group stands on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub group_id: String,
    /// The target's name of the topic.
    pub topic: String,
    pub partition: i32,
    pub upstream_offset: i64,
    pub downstream_offset: i64,
    pub metadata: String,
}

/// What a checkpoint is about. With an empty value it says that the group is there no longer: MirrorMaker 2's readers
/// skip a value that is no checkpoint, but end with an exception at a tombstone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckpointKey {
    pub group_id: String,
    /// The target's name of the topic.
    pub topic: String,
    pub partition: i32,
}

/// A sign of life of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    pub source_alias: String,
    pub target_alias: String,
    /// Milliseconds since 1970.
    pub timestamp: i64,
}

impl OffsetSync {
    pub fn encode(&self) -> Mm2Record {
        let mut key = BytesMut::new();
        put_string(&mut key, &self.topic);
        key.put_i32(self.partition);
        let mut value = BytesMut::new();
        value.put_i64(self.upstream_offset);
        value.put_i64(self.downstream_offset);
        Mm2Record { key: key.freeze(), value: value.freeze() }
    }

    pub fn decode(key: &[u8], value: &[u8]) -> Result<Self, Mm2RecordError> {
        let (mut key, mut value) = (Input(key), Input(value));
        let (topic, partition) = (key.string()?, key.i32()?);
        let (upstream_offset, downstream_offset) = (value.i64()?, value.i64()?);
        key.finish()?;
        value.finish()?;
        Ok(Self { topic, partition, upstream_offset, downstream_offset })
    }
}

impl CheckpointKey {
    pub fn encode(&self) -> Bytes {
        let mut key = BytesMut::new();
        put_string(&mut key, &self.group_id);
        put_string(&mut key, &self.topic);
        key.put_i32(self.partition);
        key.freeze()
    }

    pub fn decode(key: &[u8]) -> Result<Self, Mm2RecordError> {
        let mut key = Input(key);
        let (group_id, topic, partition) = (key.string()?, key.string()?, key.i32()?);
        key.finish()?;
        Ok(Self { group_id, topic, partition })
    }
}

impl Checkpoint {
    pub fn key(&self) -> CheckpointKey {
        let (group_id, topic) = (self.group_id.clone(), self.topic.clone());
        CheckpointKey { group_id, topic, partition: self.partition }
    }

    pub fn encode(&self) -> Mm2Record {
        let mut value = BytesMut::new();
        value.put_i16(VERSION);
        value.put_i64(self.upstream_offset);
        value.put_i64(self.downstream_offset);
        put_string(&mut value, &self.metadata);
        Mm2Record { key: self.key().encode(), value: value.freeze() }
    }

    pub fn decode(key: &[u8], value: &[u8]) -> Result<Self, Mm2RecordError> {
        let CheckpointKey { group_id, topic, partition } = CheckpointKey::decode(key)?;
        let mut value = Input(value);
        value.version()?;
        let (upstream_offset, downstream_offset) = (value.i64()?, value.i64()?);
        let metadata = value.string()?;
        value.finish()?;
        Ok(Self { group_id, topic, partition, upstream_offset, downstream_offset, metadata })
    }
}

impl Heartbeat {
    pub fn encode(&self) -> Mm2Record {
        let mut key = BytesMut::new();
        put_string(&mut key, &self.source_alias);
        put_string(&mut key, &self.target_alias);
        let mut value = BytesMut::new();
        value.put_i16(VERSION);
        value.put_i64(self.timestamp);
        Mm2Record { key: key.freeze(), value: value.freeze() }
    }

    pub fn decode(key: &[u8], value: &[u8]) -> Result<Self, Mm2RecordError> {
        let (mut key, mut value) = (Input(key), Input(value));
        let (source_alias, target_alias) = (key.string()?, key.string()?);
        value.version()?;
        let timestamp = value.i64()?;
        key.finish()?;
        value.finish()?;
        Ok(Self { source_alias, target_alias, timestamp })
    }
}

/// Writes as much as a length of two bytes can say; Kafka's own limits for names and metadata lie far below.
fn put_string(out: &mut BytesMut, text: &str) {
    let mut end = text.len().min(i16::MAX as usize);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    out.put_i16(end as i16);
    out.put_slice(&text.as_bytes()[..end]);
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn need(&self, needed: usize) -> Result<(), Mm2RecordError> {
        let remaining = self.0.len();
        if remaining < needed { Err(Mm2RecordError::Truncated { needed, remaining }) } else { Ok(()) }
    }

    fn i16(&mut self) -> Result<i16, Mm2RecordError> {
        self.need(2)?;
        Ok(self.0.get_i16())
    }

    fn i32(&mut self) -> Result<i32, Mm2RecordError> {
        self.need(4)?;
        Ok(self.0.get_i32())
    }

    fn i64(&mut self) -> Result<i64, Mm2RecordError> {
        self.need(8)?;
        Ok(self.0.get_i64())
    }

    fn version(&mut self) -> Result<(), Mm2RecordError> {
        let version = self.i16()?;
        if version == VERSION { Ok(()) } else { Err(Mm2RecordError::UnknownVersion { version }) }
    }

    fn string(&mut self) -> Result<String, Mm2RecordError> {
        let length = self.i16()?;
        let length = usize::try_from(length).map_err(|_| Mm2RecordError::InvalidLength { length })?;
        self.need(length)?;
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).map(str::to_owned).map_err(|_| Mm2RecordError::NotUtf8)
    }

    fn finish(self) -> Result<(), Mm2RecordError> {
        match self.0.len() {
            0 => Ok(()),
            remaining => Err(Mm2RecordError::TrailingBytes { remaining }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(record: &Mm2Record) -> (String, String) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        (hex(&record.key), hex(&record.value))
    }

    fn sync() -> OffsetSync {
        OffsetSync { topic: "topic-1".to_owned(), partition: 2, upstream_offset: 3, downstream_offset: 4 }
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            group_id: "group-1".to_owned(),
            topic: "topic-2".to_owned(),
            partition: 3,
            upstream_offset: 4,
            downstream_offset: 5,
            metadata: "metadata-6".to_owned(),
        }
    }

    fn heartbeat() -> Heartbeat {
        let (source_alias, target_alias) = ("source-1".to_owned(), "target-2".to_owned());
        Heartbeat { source_alias, target_alias, timestamp: 1_234_567_890 }
    }

    /// Bytes of MirrorMaker 2 4.3.1.
    #[test]
    fn records_are_those_of_mirror_maker() {
        let (key, value) = hex(&sync().encode());
        assert_eq!(key, "0007746f7069632d3100000002");
        assert_eq!(value, "00000000000000030000000000000004");
        let (key, value) = hex(&checkpoint().encode());
        assert_eq!(key, "000767726f75702d310007746f7069632d3200000003");
        assert_eq!(value, "000000000000000000040000000000000005000a6d657461646174612d36");
        let (key, value) = hex(&heartbeat().encode());
        assert_eq!(key, "0008736f757263652d3100087461726765742d32");
        assert_eq!(value, "000000000000499602d2");
    }

    #[test]
    fn what_is_written_is_read() {
        let record = sync().encode();
        assert_eq!(OffsetSync::decode(&record.key, &record.value), Ok(sync()));
        let record = checkpoint().encode();
        assert_eq!(Checkpoint::decode(&record.key, &record.value), Ok(checkpoint()));
        let record = heartbeat().encode();
        assert_eq!(Heartbeat::decode(&record.key, &record.value), Ok(heartbeat()));
    }

    #[test]
    fn what_is_cut_or_of_another_version_is_refused() {
        let record = checkpoint().encode();
        for end in 0..record.key.len() {
            assert!(Checkpoint::decode(&record.key[..end], &record.value).is_err(), "key of {end} bytes");
        }
        for end in 0..record.value.len() {
            assert!(Checkpoint::decode(&record.key, &record.value[..end]).is_err(), "value of {end} bytes");
        }
        let mut newer = record.value.to_vec();
        newer[1] = 1;
        let error = Mm2RecordError::UnknownVersion { version: 1 };
        assert_eq!(Checkpoint::decode(&record.key, &newer), Err(error));
        let longer = [&record.value[..], &[0]].concat();
        let error = Mm2RecordError::TrailingBytes { remaining: 1 };
        assert_eq!(Checkpoint::decode(&record.key, &longer), Err(error));
    }
}
