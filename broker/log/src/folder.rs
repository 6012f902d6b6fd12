//! A data folder: its partitions, the checkpoints beside them, and the mark of a clean stop (`LogManager`).

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::checkpoint;
use crate::config::LogConfig;
use crate::error::{At, LogError};
use crate::log::{LastShutdown, PartitionLog, Recovered};
use crate::names;
use crate::store::{Store, read_all, replace};

/// An offset of one partition, as the checkpoints hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionOffset {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
}

impl fmt::Display for PartitionOffset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {}", self.topic, self.partition, self.offset)
    }
}

/// What the checkpoints hold of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub recovery_point: i64,
    pub log_start: Option<i64>,
    pub cleaner_offset: Option<i64>,
    pub high_watermark: i64,
}

type Offsets = HashMap<(String, i32), i64>;

/// A folder of partitions, opened at the start of a broker.
#[derive(Debug)]
pub struct DataFolder {
    store: Arc<dyn Store>,
    path: PathBuf,
    is_clean: bool,
    broker_epoch: Option<i64>,
    recovery_points: Offsets,
    log_starts: Offsets,
    high_watermarks: Offsets,
    cleaner_offsets: Offsets,
}

impl DataFolder {
    /// Opens the folder, made when missing, and removes the mark of a clean stop. A checkpoint that can't be read
    /// counts as empty: then more is recovered.
    pub fn open(store: Arc<dyn Store>, path: &Path) -> Result<Self, LogError> {
        store.create_folder(path).at("make", path, 0)?;
        let marker = take_marker(store.as_ref(), path)?;
        let offsets = |name| read_offsets(store.as_ref(), &path.join(name));
        let recovery_points = offsets(names::RECOVERY_POINTS)?;
        let log_starts = offsets(names::LOG_STARTS)?;
        let high_watermarks = offsets(names::HIGH_WATERMARKS)?;
        let cleaner_offsets = offsets(names::CLEANER_OFFSETS)?;
        Ok(Self {
            is_clean: marker.is_some(),
            broker_epoch: marker.flatten(),
            path: path.to_owned(),
            recovery_points,
            log_starts,
            high_watermarks,
            cleaner_offsets,
            store,
        })
    }

    /// The last broker closed its logs.
    pub fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// The epoch of the broker that closed its logs, where it wrote one (KIP-966).
    pub fn broker_epoch(&self) -> Option<i64> {
        self.broker_epoch
    }

    /// The high watermark that was stored for a partition.
    pub fn high_watermark(&self, topic: &str, partition: i32) -> Option<i64> {
        self.high_watermarks.get(&(topic.to_owned(), partition)).copied()
    }

    /// Topics and partitions that have a folder here.
    pub fn partitions(&self) -> Result<Vec<(String, i32)>, LogError> {
        let names = self.folder_names()?;
        let parsed = names.iter().filter_map(|name| names::parse_partition_folder(name));
        Ok(parsed.map(|(topic, partition)| (topic.to_owned(), partition)).collect())
    }

    /// Folders of deleted partitions that wait for their removal.
    pub fn deleted_partitions(&self) -> Result<Vec<PathBuf>, LogError> {
        let mut names = self.folder_names()?;
        names.retain(|name| names::is_deleted_partition_folder(name));
        Ok(names.iter().map(|name| self.path.join(name)).collect())
    }

    /// Removes the folder of a deleted partition and all in it.
    pub fn remove_deleted(&self, folder: &Path) -> Result<(), LogError> {
        self.store.remove_folder(folder).at("remove", folder, 0)
    }

    /// Topics and partitions that are remembered here.
    pub fn remembered(&self) -> impl Iterator<Item = &(String, i32)> {
        self.recovery_points.keys().chain(self.log_starts.keys()).chain(self.cleaner_offsets.keys())
    }

    /// What is remembered of one partition; none where it was not there when the checkpoints were stored.
    pub fn remembered_of(&self, topic: &str, partition: i32) -> Option<Remembered> {
        let key = (topic.to_owned(), partition);
        Some(Remembered {
            recovery_point: self.recovery_points.get(&key).copied()?,
            log_start: self.log_starts.get(&key).copied(),
            cleaner_offset: self.cleaner_offsets.get(&key).copied(),
            high_watermark: self.high_watermarks.get(&key).copied().unwrap_or(0),
        })
    }

    /// Makes folders of new partitions survive a power loss.
    pub fn sync(&self) -> Result<(), LogError> {
        self.store.sync_folder(&self.path).at("flush", &self.path, 0)
    }

    /// Makes the log of a new partition. What is remembered of an older one of its name does not count.
    pub fn create_log(
        &self,
        (topic, partition): (&str, i32),
        config: LogConfig,
        now_ms: i64,
        observer: &mut dyn FnMut(Recovered<'_>),
    ) -> Result<PartitionLog, LogError> {
        let folder = self.path.join(names::partition_folder(topic, partition));
        PartitionLog::open(self.store.clone(), &folder, config, now_ms, observer)
    }

    /// Renames the folder of a partition to `<name>.<unique>-stray`, so that nobody takes it for another's. Gives the new
    /// name.
    pub fn put_aside(&self, (topic, partition): (&str, i32), unique: &str) -> Result<PathBuf, LogError> {
        let path = self.path.join(names::partition_folder(topic, partition));
        let mut stray = path.clone().into_os_string();
        stray.push(format!(".{unique}-stray"));
        let stray = PathBuf::from(stray);
        self.store.rename(&path, &stray).at("rename", &path, 0)?;
        Ok(stray)
    }

    /// Opens the log of a partition with what is remembered of it; makes it when it is missing.
    pub fn open_log(
        &self,
        (topic, partition): (&str, i32),
        config: LogConfig,
        now_ms: i64,
        observer: &mut dyn FnMut(Recovered<'_>),
    ) -> Result<PartitionLog, LogError> {
        let key = (topic.to_owned(), partition);
        let shutdown = LastShutdown {
            is_clean: self.is_clean,
            recovery_point: self.recovery_points.get(&key).copied().unwrap_or(0),
            log_start_offset: self.log_starts.get(&key).copied().unwrap_or(0),
        };
        let folder = self.path.join(names::partition_folder(topic, partition));
        PartitionLog::open_after(self.store.clone(), &folder, config, shutdown, now_ms, observer)
    }

    /// Stores the recovery points of all logs ([`PartitionLog::recovery_point`]).
    pub fn write_recovery_points(&self, offsets: &[PartitionOffset]) -> Result<(), LogError> {
        self.write(names::RECOVERY_POINTS, offsets)
    }

    /// Stores the starts of the logs that begin inside a segment ([`PartitionLog::checkpointed_start`]).
    pub fn write_log_starts(&self, offsets: &[PartitionOffset]) -> Result<(), LogError> {
        self.write(names::LOG_STARTS, offsets)
    }

    /// Stores the high watermarks of all partitions.
    pub fn write_high_watermarks(&self, offsets: &[PartitionOffset]) -> Result<(), LogError> {
        self.write(names::HIGH_WATERMARKS, offsets)
    }

    /// Where cleaning goes on in each log; also read again at the next start.
    pub fn write_cleaner_offsets(&self, offsets: &[PartitionOffset]) -> Result<(), LogError> {
        self.write(names::CLEANER_OFFSETS, offsets)
    }

    /// Where cleaning goes on in a log; 0 where nothing was cleaned.
    pub fn cleaner_offset(&self, topic: &str, partition: i32) -> i64 {
        self.cleaner_offsets.get(&(topic.to_owned(), partition)).copied().unwrap_or(0)
    }

    /// Marks a clean stop: the last write, after all logs were closed and their checkpoints stored.
    pub fn mark_clean(&self, broker_epoch: i64) -> Result<(), LogError> {
        let path = self.path.join(names::CLEAN_SHUTDOWN);
        let text = format!("{{\"version\":0,\"brokerEpoch\":{broker_epoch}}}");
        replace(self.store.as_ref(), &path, text.into_bytes()).at("replace", &path, 0)
    }

    fn write(&self, name: &str, offsets: &[PartitionOffset]) -> Result<(), LogError> {
        checkpoint::write(self.store.as_ref(), &self.path.join(name), offsets)
    }

    fn folder_names(&self) -> Result<Vec<String>, LogError> {
        let entries = self.store.list(&self.path).at("list", &self.path, 0)?;
        Ok(entries.into_iter().filter(|entry| entry.is_folder).map(|entry| entry.name).collect())
    }
}

/// Some when the mark was there, with the broker epoch in it.
fn take_marker(store: &dyn Store, folder: &Path) -> Result<Option<Option<i64>>, LogError> {
    let path = folder.join(names::CLEAN_SHUTDOWN);
    let text = match read_all(store, &path).at("read", &path, 0) {
        Ok(bytes) => bytes,
        Err(error) if error.is_missing() => return Ok(None),
        Err(error) => return Err(error),
    };
    store.remove(&path).at("remove", &path, 0)?;
    store.sync_folder(folder).at("flush", folder, 0)?;
    Ok(Some(broker_epoch(&String::from_utf8_lossy(&text))))
}

/// The number after `"brokerEpoch":`. Older brokers left the file empty.
fn broker_epoch(json: &str) -> Option<i64> {
    let (_, after) = json.split_once("\"brokerEpoch\"")?;
    let number = after.trim_start().strip_prefix(':')?.trim_start();
    let end = number.find(|letter: char| !letter.is_ascii_digit() && letter != '-').unwrap_or(number.len());
    number[..end].parse().ok().filter(|epoch| *epoch >= 0)
}

fn read_offsets(store: &dyn Store, path: &Path) -> Result<Offsets, LogError> {
    match checkpoint::read(store, path, parse_offset) {
        Ok(entries) => {
            Ok(entries.into_iter().map(|entry| ((entry.topic, entry.partition), entry.offset)).collect())
        }
        Err(error) if error.is_damage() => Ok(Offsets::new()),
        Err(error) => Err(error),
    }
}

pub(crate) fn parse_offset(line: &str) -> Option<PartitionOffset> {
    let mut words = line.split(' ');
    let (topic, partition, offset) = (words.next()?, words.next()?, words.next()?);
    let (partition, offset) = (partition.parse().ok()?, offset.parse().ok()?);
    words.next().is_none().then_some(PartitionOffset { topic: topic.to_owned(), partition, offset })
}
