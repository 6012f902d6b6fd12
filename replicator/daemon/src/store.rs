//! The data folder: copies of state topics, so that a start reads only what came since. It may vanish without loss.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sled::{Batch, IVec, Tree};
use strait_replicator_core::state_record::{Key, State, StateRecordError, Value};
use strait_wire::ids::Uuid;

/// Where a copy ends in the topic.
const PROGRESS: &[u8] = b"progress";
/// Before the key of each record.
const RECORD: u8 = b'/';
/// Memory for pages of the database.
const CACHE_BYTES: u64 = 1 << 20;

/// Why the data folder can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("data_dir {}: {source}", folder.display())]
    Open { folder: PathBuf, source: sled::Error },
    #[error("data folder: {0}")]
    Database(#[from] sled::Error),
    #[error("data folder, a copied record: {0}")]
    Record(#[from] StateRecordError),
    #[error("data folder: {found} bytes say where the copy ends, 12 or 13 are right")]
    Progress { found: usize },
}

/// One state topic: of which cluster, and which of those that had its name there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicIdentity {
    pub(crate) cluster_id: String,
    pub(crate) topic_id: Uuid,
}

/// How far a state topic was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) next_offset: i64,
    /// Of the batch before it.
    pub(crate) leader_epoch: i32,
    /// Records at the topic's beginning were gone before they could be copied.
    pub(crate) has_gap: bool,
}

/// The database in the data folder.
#[derive(Clone)]
pub(crate) struct Store {
    database: sled::Db,
    /// One flow at a time compares and writes a copy.
    writing: Arc<Mutex<()>>,
    /// One flow at a time opens a state topic.
    opening: Arc<tokio::sync::Mutex<()>>,
}

impl Store {
    /// Opens the folder, or makes it.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let opened = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).open();
        let database = opened.map_err(|source| StoreError::Open { folder: folder.to_owned(), source })?;
        Ok(Self { database, writing: Arc::default(), opening: Arc::default() })
    }

    /// The copy of a topic, if there is one.
    pub(crate) fn load(&self, topic: &TopicIdentity) -> Result<Option<(State, Progress)>, StoreError> {
        let tree = self.tree(topic)?;
        let Some(progress) = progress_of(&tree)? else { return Ok(None) };
        let mut entries = Vec::new();
        for record in tree.scan_prefix([RECORD]) {
            let (key, value) = record?;
            entries.push((Key::decode(&key[1..])?, Value::decode(&value)?));
        }
        Ok(Some((State::restored(entries), progress)))
    }

    /// Replaces the copy of a topic, unless that one goes further.
    pub(crate) fn keep(
        &self,
        topic: &TopicIdentity,
        state: &State,
        progress: Progress,
    ) -> Result<(), StoreError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let tree = self.tree(topic)?;
        if progress_of(&tree)?.is_some_and(|kept| kept.next_offset >= progress.next_offset) {
            return Ok(());
        }
        let mut batch = Batch::default();
        for key in tree.scan_prefix([RECORD]).keys() {
            let key = key?;
            if Key::decode(&key[1..]).is_ok_and(|key| state.get(&key).is_none()) {
                batch.remove(key);
            }
        }
        for (key, value) in state.iter() {
            batch.insert([&[RECORD], &key.encode()[..]].concat(), &value.encode()[..]);
        }
        batch.insert(PROGRESS, encoded(progress));
        tree.apply_batch(batch)?;
        tree.flush()?;
        // A cluster has one at a time.
        self.others(topic).iter().try_for_each(|other| self.forget(other))
    }

    /// Held while a state topic is opened: who comes next finds it as it shall be.
    pub(crate) async fn opening(&self) -> tokio::sync::OwnedMutexGuard<()> {
        self.opening.clone().lock_owned().await
    }

    /// The copy of another topic of the same cluster, if there is just one, and whether it has a gap.
    pub(crate) fn orphan(
        &self,
        topic: &TopicIdentity,
    ) -> Result<Option<(TopicIdentity, State, bool)>, StoreError> {
        if progress_of(&self.tree(topic)?)?.is_some() {
            return Ok(None);
        }
        let others = self.others(topic);
        let [other] = &others[..] else { return Ok(None) };
        Ok(self.load(other)?.map(|(state, progress)| (other.clone(), state, progress.has_gap)))
    }

    /// Copies of other topics of the same cluster.
    fn others(&self, topic: &TopicIdentity) -> Vec<TopicIdentity> {
        let (prefix, own) = (prefix_of(&topic.cluster_id), name_of(topic));
        let names = self.database.tree_names().into_iter();
        let others = names.filter_map(|name| {
            let name = std::str::from_utf8(&name).ok().filter(|name| *name != own)?;
            let topic_id = topic_id_of(name.strip_prefix(&prefix)?)?;
            Some(TopicIdentity { topic_id, ..topic.clone() })
        });
        others.collect()
    }

    /// Removes a copy that the topic does not continue.
    pub(crate) fn forget(&self, topic: &TopicIdentity) -> Result<(), StoreError> {
        self.database.drop_tree(name_of(topic))?;
        Ok(())
    }

    fn tree(&self, topic: &TopicIdentity) -> Result<Tree, StoreError> {
        Ok(self.database.open_tree(name_of(topic))?)
    }
}

fn prefix_of(cluster_id: &str) -> String {
    format!("state/{cluster_id}/")
}

/// From its 32 hexadecimal digits.
fn topic_id_of(digits: &str) -> Option<Uuid> {
    let number = u128::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 32)?;
    Some(Uuid(number.to_be_bytes()))
}

fn name_of(topic: &TopicIdentity) -> String {
    let mut name = prefix_of(&topic.cluster_id);
    for byte in topic.topic_id.0 {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

fn encoded(progress: Progress) -> IVec {
    let Progress { next_offset, leader_epoch, has_gap } = progress;
    let numbers = [&next_offset.to_be_bytes()[..], &leader_epoch.to_be_bytes()[..]].concat();
    IVec::from([&numbers[..], &[u8::from(has_gap)]].concat())
}

/// Copies of earlier versions have no gaps, and no byte that says so.
fn progress_of(tree: &Tree) -> Result<Option<Progress>, StoreError> {
    let Some(bytes) = tree.get(PROGRESS)? else { return Ok(None) };
    let has_gap = match bytes.get(12..) {
        Some([]) | Some([0]) => false,
        Some([1]) => true,
        _ => return Err(StoreError::Progress { found: bytes.len() }),
    };
    let (Some(offset), Some(epoch)) = (bytes.first_chunk(), bytes[8..].first_chunk()) else {
        return Err(StoreError::Progress { found: bytes.len() });
    };
    let (next_offset, leader_epoch) = (i64::from_be_bytes(*offset), i32::from_be_bytes(*epoch));
    Ok(Some(Progress { next_offset, leader_epoch, has_gap }))
}

#[cfg(test)]
mod tests;
