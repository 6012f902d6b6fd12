//! One session: its partitions in the order in which they are read, and what its client was told of each.

use std::collections::HashMap;

use strait_wire::ids::Uuid;
use strait_wire::message::fetch::FetchPartition;

/// How a session names topics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TopicKey {
    Name(String),
    Id(Uuid),
}

/// What a client asks of one partition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SessionPartition {
    pub(crate) topic: TopicKey,
    pub(crate) index: i32,
    pub(crate) current_leader_epoch: i32,
    pub(crate) fetch_offset: i64,
    pub(crate) last_fetched_epoch: i32,
    pub(crate) max_bytes: usize,
}

impl SessionPartition {
    pub(crate) fn new(topic: &TopicKey, asked: &FetchPartition) -> Self {
        Self {
            topic: topic.clone(),
            index: asked.partition,
            current_leader_epoch: asked.current_leader_epoch,
            fetch_offset: asked.fetch_offset,
            last_fetched_epoch: asked.last_fetched_epoch,
            max_bytes: usize::try_from(asked.partition_max_bytes).unwrap_or(0),
        }
    }

    fn key(&self) -> (TopicKey, i32) {
        (self.topic.clone(), self.index)
    }
}

/// What a client knows of a partition besides records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) log_start: i64,
    pub(crate) last_stable: i64,
    pub(crate) high_watermark: i64,
}

/// What a request changes in its session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) asked: Vec<SessionPartition>,
    pub(crate) forgotten: Vec<(TopicKey, i32)>,
}

#[derive(Clone, Debug)]
struct Entry {
    asked: SessionPartition,
    told: Option<Told>,
    /// Partitions with a lower turn are read first.
    turn: u64,
}

/// A session.
#[derive(Clone, Debug)]
pub(crate) struct FetchSession {
    id: i32,
    is_by_id: bool,
    expected_epoch: i32,
    entries: HashMap<(TopicKey, i32), Entry>,
    turns: u64,
}

impl FetchSession {
    pub(super) fn new(id: i32, is_by_id: bool, asked: &[SessionPartition]) -> Self {
        let mut session = Self { id, is_by_id, expected_epoch: 0, entries: HashMap::new(), turns: 0 };
        session.apply(Change { asked: asked.to_vec(), forgotten: Vec::new() });
        session
    }

    pub(super) fn id(&self) -> i32 {
        self.id
    }

    pub(super) fn is_by_id(&self) -> bool {
        self.is_by_id
    }

    pub(super) fn expected_epoch(&self) -> i32 {
        self.expected_epoch
    }

    pub(super) fn apply(&mut self, change: Change) {
        for key in &change.forgotten {
            self.entries.remove(key);
        }
        for asked in change.asked {
            self.turns += 1;
            let fresh = Entry { asked: asked.clone(), told: None, turn: self.turns };
            let key = asked.key();
            self.entries.entry(key).or_insert(fresh).asked = asked;
        }
    }

    /// All partitions in the order in which they are read.
    pub(super) fn partitions(&self) -> Vec<SessionPartition> {
        let mut entries: Vec<&Entry> = self.entries.values().collect();
        entries.sort_unstable_by_key(|entry| entry.turn);
        entries.into_iter().map(|entry| entry.asked.clone()).collect()
    }

    /// Notes what is answered for a partition; says whether an incremental answer names it. One that gave records is
    /// read last the next time.
    pub(crate) fn answered(
        &mut self,
        asked: &SessionPartition,
        told: Told,
        has_records: bool,
        is_error: bool,
    ) -> bool {
        let Some(entry) = self.entries.get_mut(&asked.key()) else { return true };
        if has_records {
            self.turns += 1;
            entry.turn = self.turns;
        }
        let is_news = entry.told != Some(told);
        // After an error the next answer names the partition, whatever it says.
        entry.told = Some(told).filter(|_| !is_error);
        is_news || has_records || is_error
    }

    /// The session as the next request finds it.
    pub(super) fn next(mut self) -> Self {
        self.expected_epoch = if self.expected_epoch == i32::MAX { 1 } else { self.expected_epoch + 1 };
        self
    }
}
