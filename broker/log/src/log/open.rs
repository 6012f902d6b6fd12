//! Opening a log: what the folder holds (`LogLoader`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::places::Places;
use super::{PartitionLog, Recovered};
use crate::budget::Budget;
use crate::buffers::ReadBuffers;
use crate::cleaner::finish_swaps;
use crate::config::LogConfig;
use crate::epochs::LeaderEpochs;
use crate::error::{At, LogError};
use crate::names;
use crate::segment::{Lengths, Segment};
use crate::store::{FolderEntry, Store};
use crate::tail::Tail;

/// What the data folder remembers of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastShutdown {
    /// The log was closed; nothing has to be recovered.
    pub is_clean: bool,
    /// All records below were flushed.
    pub recovery_point: i64,
    pub log_start_offset: i64,
}

impl PartitionLog {
    /// Opens the log in `folder`, made when missing, as after an unclean stop: everything is checked. `observer`
    /// gets the newest producer snapshot and every batch after it.
    pub fn open(
        store: Arc<dyn Store>,
        folder: &Path,
        config: LogConfig,
        now_ms: i64,
        observer: &mut dyn FnMut(Recovered<'_>),
    ) -> Result<Self, LogError> {
        Self::open_after(store, folder, config, LastShutdown::default(), now_ms, observer)
    }

    /// Opens the log with what the data folder remembers of it: less has to be checked.
    pub fn open_after(
        store: Arc<dyn Store>,
        folder: &Path,
        config: LogConfig,
        shutdown: LastShutdown,
        now_ms: i64,
        observer: &mut dyn FnMut(Recovered<'_>),
    ) -> Result<Self, LogError> {
        store.create_folder(folder).at("make", folder, 0)?;
        let mut entries = store.list(folder).at("list", folder, 0)?;
        if finish_swaps(store.as_ref(), folder, &entries)? {
            entries = store.list(folder).at("list", folder, 0)?;
        }
        remove_deleted(store.as_ref(), folder, &entries)?;
        let epochs = LeaderEpochs::open(store.clone(), folder.join(names::LEADER_EPOCHS))?;
        let files = segment_files(&entries);
        let mut segments = Vec::with_capacity(files.len().max(1));
        let mut unsound = Vec::new();
        for (base_offset, lengths) in files {
            let segment = Segment::open(store.clone(), folder, base_offset, lengths)?;
            if !segment.has_sound_indexes(lengths)? {
                unsound.push(segments.len());
            }
            segments.push(segment);
        }
        if segments.is_empty() {
            segments.push(Segment::create(store.clone(), folder, shutdown.log_start_offset, now_ms)?);
        }
        let start_offset = shutdown.log_start_offset.max(segments[0].base_offset());
        let tail = Tail::new(config.tail_bytes);
        let mut log = Self {
            store,
            folder: folder.to_owned(),
            config,
            segments,
            told_epoch: epochs.latest().map(|latest| latest.epoch),
            epochs,
            tail,
            files: Arc::new(Budget::new(1)),
            places: Places::default(),
            buffers: Arc::new(ReadBuffers::new(0)),
            start_offset,
            end_offset: start_offset,
            recovery_point: shutdown.recovery_point,
            high_watermark: start_offset,
            truncations: 0,
            name_changes: u64::from(!shutdown.is_clean),
            flushed_names: 0,
            is_offline: false,
            flushed_ms: now_ms,
            now_ms,
            snapshots: snapshots(&entries),
            damages: Vec::new(),
            condemned: Vec::new(),
        };
        let stored_epochs = log.epochs.stored();
        log.load(shutdown, &unsound)?;
        log.epochs.persist_over(stored_epochs.as_deref())?;
        if log.shows_flushed_only() {
            log.flush()?;
        }
        log.high_watermark = log.end_offset;
        log.replay(observer)?;
        Ok(log)
    }
}

/// Removes files that an earlier run had to remove.
fn remove_deleted(store: &dyn Store, folder: &Path, entries: &[FolderEntry]) -> Result<(), LogError> {
    for entry in entries.iter().filter(|entry| entry.name.ends_with(names::DELETED)) {
        let path = folder.join(&entry.name);
        store.remove(&path).at("remove", &path, 0)?;
    }
    Ok(())
}

fn snapshots(entries: &[FolderEntry]) -> BTreeSet<i64> {
    let parsed = entries.iter().filter_map(|entry| names::parse_offset_file(&entry.name));
    parsed.filter(|(_, extension)| *extension == names::SNAPSHOT).map(|(offset, _)| offset).collect()
}

/// Segments by base offset.
fn segment_files(entries: &[FolderEntry]) -> BTreeMap<i64, Lengths> {
    let mut segments: BTreeMap<i64, Lengths> = BTreeMap::new();
    for entry in entries {
        if let Some((offset, names::LOG)) = names::parse_offset_file(&entry.name) {
            segments.insert(offset, Lengths { log: entry.length, ..Lengths::default() });
        }
    }
    for entry in entries {
        let Some((offset, extension)) = names::parse_offset_file(&entry.name) else { continue };
        let Some(lengths) = segments.get_mut(&offset) else { continue };
        match extension {
            names::INDEX => lengths.index = Some(entry.length),
            names::TIME_INDEX => lengths.time_index = Some(entry.length),
            names::TXN_INDEX => lengths.txn_index = Some(entry.length),
            _ => {}
        }
    }
    segments
}
