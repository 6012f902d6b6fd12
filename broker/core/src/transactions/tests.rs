//! Kafka's rules one by one, and random producers against what must always hold.

// Random producers.
mod histories;

use std::collections::BTreeSet;

use strait_wire::error_code::ErrorCode;

use super::*;
use crate::internal_record::TransactionRecord;
use crate::topic_partition::TopicPartition;

const ID: &str = "tx";
const TIMEOUT: i32 = 60_000;

pub(super) struct Shard {
    pub(super) transactions: Transactions,
    pub(super) log: Vec<TransactionRecord>,
    pub(super) markers: Vec<Markers>,
    pub(super) now_ms: i64,
    pub(super) next_id: i64,
}

type Identity = Result<(i64, i16), ErrorCode>;

pub(super) fn partitions(names: &[i32]) -> BTreeSet<TopicPartition> {
    names.iter().map(|partition| TopicPartition::new("t", *partition)).collect()
}

impl Shard {
    pub(super) fn new() -> Self {
        let transactions = Transactions::new(TransactionSettings::default(), 5);
        Self { transactions, log: Vec::new(), markers: Vec::new(), now_ms: 1_000, next_id: 100 }
    }

    pub(super) fn perform(&mut self, effects: Effects) {
        self.log.extend(effects.records);
        self.markers.extend(effects.markers);
    }

    pub(super) fn init(&mut self, current: Option<(i64, i16)>) -> Identity {
        self.init_with(current, TIMEOUT)
    }

    fn init_with(&mut self, current: Option<(i64, i16)>, timeout_ms: i32) -> Identity {
        let (producer_id, producer_epoch) = current.unwrap_or((-1, -1));
        let current = ProducerIdentity { producer_id, producer_epoch };
        let init = InitProducer { transactional_id: ID, timeout_ms, current };
        let next_id = &mut self.next_id;
        let outcome = self.transactions.init_producer(init, self.now_ms, &mut || {
            *next_id += 1;
            Ok(*next_id)
        });
        self.perform(outcome.effects);
        outcome.response.map(|identity| (identity.producer_id, identity.producer_epoch))
    }

    pub(super) fn add(
        &mut self,
        producer: (i64, i16),
        names: &[i32],
        version: TransactionVersion,
    ) -> ErrorCode {
        let partitions = partitions(names);
        let addition = Addition {
            transactional_id: ID,
            producer_id: producer.0,
            producer_epoch: producer.1,
            partitions: &partitions,
            version,
        };
        let outcome = self.transactions.add_partitions(addition, self.now_ms);
        self.perform(outcome.effects);
        outcome.response
    }

    pub(super) fn end(
        &mut self,
        producer: (i64, i16),
        is_commit: bool,
        version: TransactionVersion,
    ) -> Identity {
        let producer = ProducerIdentity { producer_id: producer.0, producer_epoch: producer.1 };
        let end = EndedTransaction { transactional_id: ID, producer, is_commit, version };
        let next_id = &mut self.next_id;
        let outcome = self.transactions.end(end, self.now_ms, &mut || {
            *next_id += 1;
            Ok(*next_id)
        });
        self.perform(outcome.effects);
        outcome.response.map(|identity| (identity.producer_id, identity.producer_epoch))
    }

    /// Writes all markers that were asked for.
    pub(super) fn write_markers(&mut self) -> usize {
        let markers = std::mem::take(&mut self.markers);
        for asked in &markers {
            let Markers { producer_id, producer_epoch, .. } = *asked;
            let producer = ProducerIdentity { producer_id, producer_epoch };
            let effects = self.transactions.markers_written(
                &asked.transactional_id,
                producer,
                &asked.partitions,
                self.now_ms,
            );
            self.perform(effects);
        }
        markers.len()
    }

    pub(super) fn state(&self) -> Option<State> {
        self.transactions.state(ID)
    }

    pub(super) fn reloaded(&self) -> Transactions {
        let mut transactions = Transactions::new(TransactionSettings::default(), 6);
        for record in &self.log {
            let encoded = record.encode().expect("encodes");
            let record = TransactionRecord::decode(&encoded.key, encoded.value.as_ref()).expect("decodes");
            transactions.replay(record.expect("a known kind"));
        }
        transactions
    }
}

const V0: TransactionVersion = TransactionVersion::V0;
const V2: TransactionVersion = TransactionVersion::V2;

#[test]
fn a_transaction_of_an_older_client_keeps_its_epoch() {
    let mut shard = Shard::new();
    let producer = shard.init(None).expect("an identity");
    assert_eq!(producer, (101, 0));
    assert_eq!(shard.add(producer, &[0, 1], V0), ErrorCode::NONE);
    let records = shard.log.len();
    assert_eq!(shard.add(producer, &[1], V0), ErrorCode::NONE);
    assert_eq!(shard.log.len(), records, "nothing new, nothing written");
    assert_eq!(shard.end(producer, true, V0), Ok(producer));
    assert_eq!(shard.state(), Some(State::PrepareCommit));
    let asked = &shard.markers[0];
    assert_eq!((asked.is_commit, asked.coordinator_epoch, asked.producer_epoch), (true, 5, 0));
    assert_eq!(asked.partitions, partitions(&[0, 1]));
    assert_eq!(shard.end(producer, true, V0), Err(ErrorCode::CONCURRENT_TRANSACTIONS));
    assert_eq!(shard.end(producer, false, V0), Err(ErrorCode::INVALID_TXN_STATE));
    assert_eq!(shard.add(producer, &[2], V0), ErrorCode::CONCURRENT_TRANSACTIONS);
    assert_eq!(shard.init(Some(producer)), Err(ErrorCode::CONCURRENT_TRANSACTIONS));
    shard.write_markers();
    assert_eq!(shard.state(), Some(State::CompleteCommit));
    assert_eq!(shard.end(producer, true, V0), Ok(producer), "the same end once more");
    assert_eq!(shard.end(producer, false, V0), Err(ErrorCode::INVALID_TXN_STATE));
    assert_eq!(shard.add(producer, &[2], V0), ErrorCode::NONE);
    assert_eq!(shard.end(producer, false, V0), Ok(producer));
    shard.write_markers();
    assert_eq!(shard.state(), Some(State::CompleteAbort));
    assert_eq!(shard.end(producer, true, V0), Err(ErrorCode::INVALID_TXN_STATE));
}

#[test]
fn with_version_2_each_end_raises_the_epoch() {
    let mut shard = Shard::new();
    let first = shard.init(None).expect("an identity");
    shard.add(first, &[0], V2);
    let second = shard.end(first, true, V2).expect("ended");
    assert_eq!(second, (101, 1));
    assert_eq!((shard.markers[0].producer_epoch, shard.markers[0].version), (1, V2));
    assert_eq!(shard.end(first, true, V2), Err(ErrorCode::CONCURRENT_TRANSACTIONS));
    assert_eq!(shard.end(second, true, V2), Err(ErrorCode::PRODUCER_FENCED), "nothing was begun under it");
    shard.write_markers();
    assert_eq!(shard.end(first, true, V2), Ok(second), "the same end once more");
    assert_eq!(shard.end(first, false, V2), Err(ErrorCode::INVALID_TXN_STATE));
    shard.add(second, &[0], V2);
    assert_eq!(shard.end(first, true, V2), Err(ErrorCode::PRODUCER_FENCED), "a late end ends nothing else");
    assert_eq!(shard.add(first, &[0], V2), ErrorCode::PRODUCER_FENCED);
    assert_eq!(shard.end(second, false, V2), Ok((101, 2)));
}

#[test]
fn an_abort_of_nothing_raises_the_epoch_and_a_commit_of_nothing_is_refused() {
    let mut shard = Shard::new();
    let producer = shard.init(None).expect("an identity");
    assert_eq!(shard.end(producer, true, V2), Err(ErrorCode::INVALID_TXN_STATE));
    assert_eq!(shard.end(producer, false, V0), Err(ErrorCode::INVALID_TXN_STATE));
    assert_eq!(shard.end(producer, false, V2), Ok((101, 1)));
    assert_eq!((shard.state(), shard.markers.len()), (Some(State::CompleteAbort), 0));
    assert_eq!(shard.end(producer, false, V2), Ok((101, 1)), "the same end once more");
    assert_eq!(shard.end((101, 1), false, V2), Ok((101, 2)));
    assert_eq!(shard.end((101, 2), true, V2), Err(ErrorCode::INVALID_TXN_STATE));
}

#[test]
fn a_used_up_epoch_gives_a_new_producer_id() {
    let mut shard = Shard::new();
    let mut producer = shard.init(None).expect("an identity");
    while producer.1 < i16::MAX - 1 {
        producer = shard.end(producer, false, V2).expect("ended");
    }
    shard.add(producer, &[0], V2);
    assert_eq!(shard.end(producer, true, V2), Ok((102, 0)));
    assert_eq!((shard.markers[0].producer_id, shard.markers[0].producer_epoch), (101, i16::MAX));
    assert_eq!(shard.reloaded().describe(ID), shard.transactions.describe(ID));
    shard.write_markers();
    assert_eq!(shard.end(producer, true, V2), Ok((102, 0)), "the same end once more");
    assert_eq!(shard.add((102, 0), &[0], V2), ErrorCode::NONE);
    let mut shard = Shard::new();
    let mut producer = shard.init(None).expect("an identity");
    while producer.1 < i16::MAX - 1 {
        producer = shard.init(Some(producer)).expect("an identity");
    }
    assert_eq!(shard.init(Some(producer)), Ok((102, 0)));
    assert_eq!(shard.init(Some(producer)), Ok((102, 0)), "the same request once more");
}

#[test]
fn a_new_producer_fences_the_old_and_a_repeated_request_does_not() {
    let mut shard = Shard::new();
    let first = shard.init(None).expect("an identity");
    let second = shard.init(Some(first)).expect("an identity");
    assert_eq!(second, (101, 1));
    assert_eq!(shard.init(Some(first)), Ok(second), "the answer was lost");
    assert_eq!(shard.init(Some(second)), Ok((101, 2)));
    assert_eq!(shard.init(Some(first)), Err(ErrorCode::PRODUCER_FENCED));
    assert_eq!(shard.init(Some((999, 2))), Err(ErrorCode::PRODUCER_FENCED));
    assert_eq!(shard.init(None), Ok((101, 3)));
    assert_eq!(shard.init(Some((101, 2))), Err(ErrorCode::PRODUCER_FENCED), "it was not the one that asked");
    assert_eq!(shard.add(second, &[0], V0), ErrorCode::PRODUCER_FENCED);
}

#[test]
fn a_new_producer_waits_for_the_abort_of_what_was_left_open() {
    let mut shard = Shard::new();
    let first = shard.init(None).expect("an identity");
    shard.add(first, &[0], V0);
    assert_eq!(shard.init(None), Err(ErrorCode::CONCURRENT_TRANSACTIONS));
    assert_eq!(shard.state(), Some(State::PrepareAbort));
    assert_eq!((shard.markers[0].producer_epoch, shard.markers[0].is_commit), (1, false));
    assert_eq!(shard.end(first, true, V0), Err(ErrorCode::PRODUCER_FENCED));
    assert_eq!(shard.init(None), Err(ErrorCode::CONCURRENT_TRANSACTIONS));
    assert_eq!(shard.write_markers(), 1);
    assert_eq!(shard.init(None), Ok((101, 2)));
}

#[test]
fn requests_that_are_refused() {
    let mut shard = Shard::new();
    assert_eq!(shard.init_with(None, 900_001), Err(ErrorCode::INVALID_TRANSACTION_TIMEOUT));
    assert_eq!(shard.init_with(None, 0), Err(ErrorCode::INVALID_TRANSACTION_TIMEOUT));
    assert_eq!(shard.init_with(None, 900_000), Ok((101, 0)));
    assert_eq!(shard.init(Some((101, -1))), Err(ErrorCode::INVALID_REQUEST));
    assert_eq!(shard.add((7, 0), &[0], V0), ErrorCode::INVALID_PRODUCER_ID_MAPPING);
    assert_eq!(shard.end((7, 0), true, V2), Err(ErrorCode::INVALID_PRODUCER_ID_MAPPING));
    let mut shard = Shard::new();
    assert_eq!(shard.end((101, 0), true, V0), Err(ErrorCode::INVALID_PRODUCER_ID_MAPPING));
    assert_eq!(shard.add((101, 0), &[0], V0), ErrorCode::INVALID_PRODUCER_ID_MAPPING);
}

#[test]
fn leaders_ask_whether_a_partition_was_added() {
    let mut shard = Shard::new();
    let producer = shard.init(None).expect("an identity");
    shard.add(producer, &[0], V0);
    let asked = partitions(&[0, 1]);
    let addition = Addition {
        transactional_id: ID,
        producer_id: producer.0,
        producer_epoch: producer.1,
        partitions: &asked,
        version: V0,
    };
    let codes = shard.transactions.verify_partitions(addition).expect("in charge");
    let codes: Vec<ErrorCode> = codes.into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, [ErrorCode::NONE, ErrorCode::TRANSACTION_ABORTABLE]);
    shard.end(producer, true, V0).expect("ended");
    let refused = shard.transactions.verify_partitions(addition);
    assert_eq!(refused, Err(ErrorCode::CONCURRENT_TRANSACTIONS));
}

#[test]
fn what_takes_too_long_is_aborted_and_fenced() {
    let mut shard = Shard::new();
    let producer = shard.init(None).expect("an identity");
    shard.add(producer, &[0], V0);
    assert_eq!(shard.transactions.next_deadline(), Some(1_000 + i64::from(TIMEOUT) + 1));
    shard.now_ms += i64::from(TIMEOUT);
    let effects = shard.transactions.abort_timed_out(shard.now_ms);
    assert_eq!(effects, Effects::default());
    shard.now_ms += 1;
    let effects = shard.transactions.abort_timed_out(shard.now_ms);
    shard.perform(effects);
    assert_eq!((shard.state(), shard.markers[0].producer_epoch), (Some(State::PrepareAbort), 1));
    assert_eq!(shard.end(producer, true, V0), Err(ErrorCode::PRODUCER_FENCED));
    shard.write_markers();
    assert_eq!(shard.transactions.next_deadline(), None);
    assert_eq!(shard.add(producer, &[0], V0), ErrorCode::PRODUCER_FENCED);
}

#[test]
fn ids_that_nobody_uses_are_forgotten() {
    let mut shard = Shard::new();
    let producer = shard.init(None).expect("an identity");
    shard.add(producer, &[0], V0);
    let week = TransactionSettings::default().id_expiration_ms;
    assert_eq!(shard.transactions.expire_ids(shard.now_ms + 2 * week), Effects::default(), "it is ongoing");
    shard.end(producer, true, V0).expect("ended");
    shard.write_markers();
    assert_eq!(shard.transactions.expire_ids(shard.now_ms + week - 1), Effects::default());
    let effects = shard.transactions.expire_ids(shard.now_ms + week);
    shard.perform(effects);
    assert_eq!((shard.state(), shard.reloaded().state(ID)), (None, None));
}

#[test]
fn a_loaded_coordinator_writes_the_markers_again() {
    let mut shard = Shard::new();
    let producer = shard.init(None).expect("an identity");
    shard.add(producer, &[0, 1], V2);
    let next = shard.end(producer, true, V2).expect("ended");
    let identity = ProducerIdentity { producer_id: next.0, producer_epoch: next.1 };
    let effects = shard.transactions.markers_written(ID, identity, &partitions(&[0]), shard.now_ms);
    shard.perform(effects);
    assert_eq!(shard.state(), Some(State::PrepareCommit), "one is missing");
    shard.transactions = shard.reloaded();
    shard.markers.clear();
    let effects = shard.transactions.loaded(shard.now_ms);
    shard.perform(effects);
    assert_eq!(shard.markers[0].partitions, partitions(&[0, 1]));
    assert_eq!(shard.markers[0].coordinator_epoch, 6);
    let stale = ProducerIdentity { producer_epoch: producer.1, ..identity };
    let effects = shard.transactions.markers_written(ID, stale, &partitions(&[0, 1]), shard.now_ms);
    assert_eq!(effects, Effects::default());
    shard.write_markers();
    assert_eq!(shard.state(), Some(State::CompleteCommit));
}

#[test]
fn transactions_are_described_and_listed() {
    let mut shard = Shard::new();
    let producer = shard.init(None).expect("an identity");
    shard.add(producer, &[0, 3], V0);
    let described = shard.transactions.describe(ID);
    assert_eq!(
        (described.transaction_state.as_str(), described.transaction_start_time_ms),
        ("Ongoing", 1_000)
    );
    assert_eq!(described.topics[0].partitions, [0, 3]);
    assert_eq!(shard.transactions.describe("x").error_code, ErrorCode::TRANSACTIONAL_ID_NOT_FOUND.0);
    let count = |states: &[&str], producers: &[i64], duration_ms| {
        let states: Vec<String> = states.iter().map(|state| (*state).to_owned()).collect();
        let producer_ids = producers.to_vec();
        let filter = TransactionFilter { states, producer_ids, duration_ms, pattern: None };
        shard.transactions.list(&filter, 1_500).len()
    };
    assert_eq!((count(&[], &[], -1), count(&["Ongoing"], &[101], 499)), (1, 1));
    assert_eq!((count(&["Empty"], &[], -1), count(&[], &[7], -1), count(&[], &[], 500)), (0, 0, 0));
    let matching = |pattern: &str| {
        let pattern = TransactionFilter::pattern(pattern).expect("a pattern");
        let (states, producer_ids) = (Vec::new(), Vec::new());
        let filter = TransactionFilter { states, producer_ids, duration_ms: -1, pattern };
        shard.transactions.list(&filter, 1_500).len()
    };
    assert_eq!((matching(""), matching(ID), matching(&format!("x|{ID}")), matching(".*")), (1, 1, 1, 1));
    assert_eq!(matching(&ID[1..]), 0, "the whole id has to match");
    assert!(TransactionFilter::pattern("a)(b").is_err() && TransactionFilter::pattern("(").is_err());
    assert_eq!(Transactions::unknown_states(&["Ongoing".to_owned(), "x".to_owned()]), ["x"]);
}
