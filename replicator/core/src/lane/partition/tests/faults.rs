//! Whatever fails, the target gets each record once and in order: by seed, over origins and transactions.

use std::collections::BTreeMap;

use super::*;
use crate::offset_map::{Located, Translation};
use crate::offsets::{Downstream, Upstream};

/// A target that does what a broker does with sequences and transactions.
#[derive(Default)]
struct Target {
    /// Offsets and values that a read_committed reader sees, or will after a commit.
    values: Vec<(i64, String)>,
    log_end: i64,
    producers: BTreeMap<i64, Producer>,
    /// What the open transaction wrote.
    open: Option<Vec<(i64, String)>>,
    batches: Vec<WrittenBatch>,
    stored: Option<Position>,
}

#[derive(Default)]
struct Producer {
    next_sequence: Option<i32>,
    last: Option<(i32, i64)>,
}

impl Target {
    fn produce(&mut self, outgoing: &Outgoing) -> BatchOutcome {
        let mut bytes = outgoing.batch.head.to_vec();
        bytes.extend_from_slice(&outgoing.batch.payload);
        let Some(Ok(Entry::Closed(batch))) = closed_batches(Bytes::from(bytes)).next() else {
            panic!("what the lane sends is a batch");
        };
        batch.verify_crc().expect("the checksum is patched");
        let header = *batch.header();
        let base_offset = self.log_end;
        if header.producer_id >= 0 {
            let producer = self.producers.entry(header.producer_id).or_default();
            if let Some((last, base_offset)) = producer.last
                && last == header.base_sequence
            {
                return BatchOutcome::Acked { base_offset };
            }
            if producer.next_sequence.is_some_and(|next| next != header.base_sequence) {
                return BatchOutcome::Refused { code: ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER };
            }
            producer.last = Some((header.base_sequence, base_offset));
            producer.next_sequence = Some(header.base_sequence + header.records_count);
        }
        self.log_end += i64::from(header.records_count);
        let transactional = header.attributes.is_transactional();
        let values = if transactional { self.open.get_or_insert_default() } else { &mut self.values };
        let records = open(&batch, DecompressionLimit(1 << 20)).expect("readable");
        for (offset, record) in (base_offset..).zip(records) {
            let value = String::from_utf8(record.value.unwrap_or_default().to_vec()).expect("text");
            values.push((offset, value));
        }
        if let Some(origin) = identities().origin_of(header.producer_id) {
            let base_sequence = Sequence::new(header.base_sequence).expect("a sequence");
            let records = i64::from(header.records_count);
            self.batches.push(WrittenBatch { origin, base_sequence, base_offset, records });
        }
        BatchOutcome::Acked { base_offset }
    }

    /// Ends the open transaction; the marker takes an offset.
    fn end(&mut self, commit: Option<Position>) {
        let values = self.open.take().unwrap_or_default();
        self.log_end += 1;
        if let Some(stored) = commit {
            self.values.extend(values);
            self.stored = Some(stored);
        }
    }

    /// A new instance of the transactional producer.
    fn fence(&mut self) {
        if self.open.is_some() {
            self.end(None);
        }
        self.producers.remove(&TRANSACTIONAL);
    }

    fn tail(&self, with_batches: bool) -> Tail {
        let identities = identities();
        let known = identities.producer_ids().filter_map(|(origin, id)| {
            let next = self.producers.get(&id)?.next_sequence?;
            Some((origin, Sequence::new(next)?))
        });
        let batches = with_batches.then(|| self.batches.clone());
        Tail { sequences: known.collect(), log_end: self.log_end, batches }
    }
}

struct Seed(u64);

impl Seed {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// What a run mixes.
#[derive(Clone, Copy)]
struct Mix {
    origins: bool,
    transactions: bool,
    other_writers: bool,
}

/// The origin of a source offset's record: stretches of 10, which batches do not cross.
fn origin_of(offset: i64, mix: Mix) -> Origin {
    if mix.origins && (offset / 10) % 3 == 1 { Origin(1) } else { Origin::SOURCE }
}

fn fetched(offset: i64, random: &mut Seed, mix: Mix) -> Prepared {
    let stretch_end = (offset / 10 + 1) * 10;
    let count = (1 + random.below(7) as i64).min(stretch_end - offset);
    let transactional = mix.transactions && (offset / 50) % 2 == 1;
    Prepared { origin: origin_of(offset, mix), transactional, ..batch(offset, count) }
}

struct Run {
    target: Target,
    lane: PartitionLane,
    random: Seed,
    stored: Position,
    now_ms: u64,
    mix: Mix,
    settings: Settings,
    /// What earlier instances counted.
    repeated: u64,
}

impl Run {
    fn new(seed: u64, mix: Mix, settings: Settings) -> Self {
        Self {
            target: Target::default(),
            lane: PartitionLane::new(settings, position(0), false),
            random: Seed(seed),
            stored: position(0),
            now_ms: 0,
            mix,
            settings,
            repeated: 0,
        }
    }

    fn run_to_the_end(&mut self) {
        for _ in 0..20_000 {
            self.step();
            if self.lane.position().source_offset == 200 {
                break;
            }
        }
        self.repeated += self.lane.repeated();
    }

    fn step(&mut self) {
        self.now_ms += 1_000;
        if self.lane.poll_tail(self.now_ms) {
            let tail = self.target.tail(self.lane.searches_batches());
            self.lane.on_tail(&tail, self.now_ms);
        }
        if let Some(offset) = self.lane.fetch_offset()
            && offset < 200
        {
            let item = fetched(offset, &mut self.random, self.mix);
            let next = item.source_next;
            self.lane.on_fetched(vec![item], next);
        }
        self.produce();
        self.end_transaction();
        if self.random.below(4) == 0 && self.target.open.is_none() {
            let (position, chunks) = self.lane.position_to_store();
            assert!(chunks.is_empty(), "too few runs for a chunk");
            self.stored = position;
            self.target.stored = None;
        }
        if self.mix.other_writers && self.random.below(5) == 0 {
            self.target.log_end += 1 + self.random.below(3) as i64;
        }
        if self.random.below(10) == 0 {
            self.restart();
        }
    }

    fn produce(&mut self) {
        let sent: Vec<Outgoing> = std::iter::from_fn(|| send(&mut self.lane)).collect();
        let mut lost = false;
        for outgoing in &sent {
            lost |= self.random.below(12) == 0;
            let outcome = if lost {
                if self.random.below(2) == 0 {
                    self.target.produce(outgoing);
                }
                BatchOutcome::Ambiguous
            } else {
                self.target.produce(outgoing)
            };
            self.lane.on_outcome(outcome, self.now_ms);
        }
        if lost && self.target.open.is_some() {
            self.abort();
        }
    }

    fn abort(&mut self) {
        self.target.fence();
        self.lane.on_aborted(self.now_ms);
        self.lane.on_transactional_identity();
    }

    fn end_transaction(&mut self) {
        if self.target.open.is_none() || self.random.below(3) != 0 {
            return;
        }
        match self.lane.uncommitted_position() {
            Some(position) if self.random.below(4) != 0 => {
                self.target.end(Some(position.0));
                self.lane.on_committed();
            }
            Some(_) | None => self.abort(),
        }
    }

    /// Killed and started again from what is stored; the transaction that was open is aborted.
    fn restart(&mut self) {
        self.target.fence();
        if let Some(stored) = self.target.stored.take() {
            self.stored = stored;
        }
        self.repeated += self.lane.repeated();
        self.lane = PartitionLane::new(self.settings, self.stored.clone(), false);
    }
}

fn copy_through_faults(seed: u64, mix: Mix) {
    let mut run = Run::new(seed, mix, SETTINGS);
    run.run_to_the_end();
    let expected: Vec<String> = (0..200).map(|offset: i64| offset.to_string()).collect();
    let (offsets, values): (Vec<i64>, Vec<String>) = run.target.values.into_iter().unzip();
    assert_eq!(values, expected, "seed {seed}");
    for (source, target) in (0..).zip(offsets) {
        let translated = run.lane.map().locate(Upstream::offset(source));
        assert_eq!(
            translated,
            Located::Known(Translation::Exact(Downstream::offset(target))),
            "seed {seed}, {source}"
        );
    }
}

#[test]
fn each_record_arrives_once_and_in_order() {
    for seed in 0..500 {
        copy_through_faults(seed, Mix { origins: false, transactions: false, other_writers: false });
    }
}

#[test]
fn records_of_two_origins_arrive_once_and_in_order() {
    for seed in 0..500 {
        copy_through_faults(seed, Mix { origins: true, transactions: false, other_writers: false });
    }
}

#[test]
fn records_arrive_once_and_in_order_when_transactions_come_and_go() {
    for seed in 0..500 {
        copy_through_faults(seed, Mix { origins: false, transactions: true, other_writers: false });
        copy_through_faults(seed, Mix { origins: true, transactions: true, other_writers: false });
    }
}

#[test]
fn records_arrive_once_between_those_of_other_writers() {
    for seed in 0..500 {
        copy_through_faults(seed, Mix { origins: true, transactions: true, other_writers: true });
    }
}

#[test]
fn each_record_arrives_at_least_once_and_repetitions_are_counted() {
    let settings = Settings { delivery: Delivery::AtLeastOnce, ..SETTINGS };
    for seed in 0..500 {
        let mix = Mix { origins: false, transactions: false, other_writers: false };
        let mut run = Run::new(seed, mix, settings);
        run.run_to_the_end();
        let mut newest = -1;
        for (_, value) in &run.target.values {
            let value: i64 = value.parse().expect("a source offset");
            assert!(value <= newest + 1, "seed {seed}: {value} after {newest}");
            newest = newest.max(value);
        }
        assert_eq!(newest, 199, "seed {seed}");
        let repetitions = run.target.values.len() as u64 - 200;
        assert!(repetitions <= run.repeated, "seed {seed}: {repetitions} of {}", run.repeated);
        let values: BTreeMap<i64, String> = run.target.values.into_iter().collect();
        for source in 0..200_i64 {
            match run.lane.map().locate(Upstream::offset(source)) {
                Located::Known(Translation::Exact(target)) => {
                    assert_eq!(values.get(&target.value()), Some(&source.to_string()), "seed {seed}");
                }
                other => panic!("seed {seed}: {source} is {other:?}"),
            }
        }
    }
}
