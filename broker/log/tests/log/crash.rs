//! Power losses, full disks and failed writes by seed: what was flushed stays, what is torn is never seen.

use strait_broker_log::store::faulty::{FaultyStore, Random};
use strait_broker_log::{LogConfig, LogError, PartitionLog, PlacedBatch};

use super::model::{Model, open_with, small_config};
use super::support::NOW_MS;

const SEEDS: u64 = 400;
const LIVES: u64 = 4;

/// One run: several lives of one log, each ended by a power loss.
struct Run {
    random: Random,
    store: FaultyStore,
    model: Model,
    config: LogConfig,
}

#[test]
fn nothing_flushed_is_lost_and_nothing_torn_is_seen() {
    // Replay one seed with STRAIT_SEED=<seed>.
    let seeds =
        std::env::var("STRAIT_SEED").ok().and_then(|seed| seed.parse().ok()).map(|seed| seed..seed + 1);
    let mut lost = 0;
    for seed in seeds.unwrap_or(0..SEEDS) {
        let mut run = Run::new(seed);
        for life in 0..LIVES {
            println!("STRAIT_SEED={seed}, life {life}");
            lost += run.live();
        }
    }
    assert!(lost > 0, "a power loss has to cost something, else this test shows nothing");
}

impl Run {
    /// Every other seed fills files ahead of short batches, in segments that are long enough for it.
    fn new(seed: u64) -> Self {
        let (store, mut config) = (FaultyStore::new(seed), small_config());
        if seed % 2 == 1 {
            store.fill_by(600);
            config.segment_bytes = 8_000;
        }
        Self { random: Random(seed), store, model: Model::default(), config }
    }

    /// Gives how many records the power loss at the end took.
    fn live(&mut self) -> i64 {
        // The checkpoint of recovery points may be older than the last flush.
        let recovery_point = self.random.below(self.model.recovery_point as u64 + 1) as i64;
        let mut log = open_with(&self.store, recovery_point, self.config.clone()).expect("the log opens");
        self.model.check_after_crash(&log);
        for _ in 0..self.random.below(60) {
            match self.random.below(30) {
                0 => self.fail_append(&mut log),
                1 => self.fill_disk(&mut log),
                2 => self.truncate(&mut log),
                3 => drop(log.roll(NOW_MS).expect("rolled")),
                4 => self.flush(&mut log),
                5 if self.random.one_in(4) => {
                    self.fail_flush(&mut log);
                    break;
                }
                6..12 => self.append_run(&mut log),
                12 => (0..2).for_each(|_| log.cut_in_pause()),
                _ => self.append(&mut log),
            }
        }
        if !self.random.one_in(3) {
            let end = log.end_offset();
            self.store.lose_power();
            drop(log);
            let survived = open_with(&self.store, self.model.recovery_point, self.config.clone())
                .expect("the log opens");
            let lost = end - survived.end_offset();
            self.model.check_after_crash(&survived);
            self.model.flushed_end = self.model.end();
            return lost;
        }
        0
    }

    fn append(&mut self, log: &mut PartitionLog) {
        let batch = self.model.next_batch(&mut self.random);
        log.append(&batch.segments, &batch.header, NOW_MS).expect("appended");
        self.model.push(batch);
        assert_eq!(log.end_offset(), self.model.end());
    }

    /// Several at once, perhaps with a first attempt that fails.
    fn append_run(&mut self, log: &mut PartitionLog) {
        let before = self.model.batches.len();
        for _ in 0..=self.random.below(5) {
            let batch = self.model.next_batch(&mut self.random);
            self.model.push(batch);
        }
        let (mut done, end) = (before, self.model.batches.len());
        let fails = self.random.one_in(3);
        while done < end {
            let run = &self.model.batches[done..];
            let run = run.iter().map(|batch| PlacedBatch { header: &batch.header, slices: &batch.segments });
            let (run, offset) = (run.collect::<Vec<_>>(), log.end_offset());
            if fails {
                self.store.cut_writes(1);
                let failed = log.append_run(&run, NOW_MS);
                assert!(matches!(failed, Err(LogError::Io { .. })), "{failed:?}");
                self.store.cut_writes(0);
                assert_eq!(log.end_offset(), offset, "nothing of the run is there");
            }
            done += log.append_run(&run, NOW_MS).expect("appended").len();
        }
        assert_eq!(log.end_offset(), self.model.end());
    }

    fn flush(&mut self, log: &mut PartitionLog) {
        log.flush().expect("flushed");
        assert_eq!(log.recovery_point(), log.end_offset());
        self.model.flushed_end = self.model.end();
        self.model.recovery_point = log.recovery_point();
    }

    fn fail_append(&mut self, log: &mut PartitionLog) {
        self.store.cut_writes(1);
        self.store.fail_truncations(self.random.below(2) as u32);
        let batch = self.model.next_batch(&mut self.random);
        let failed = log.append(&batch.segments, &batch.header, NOW_MS);
        assert!(matches!(failed, Err(LogError::Io { .. })), "{failed:?}");
        self.store.cut_writes(0);
        self.store.fail_truncations(0);
        assert_eq!(log.end_offset(), self.model.end());
        self.append(log);
    }

    fn fill_disk(&mut self, log: &mut PartitionLog) {
        self.store.set_room(Some(self.random.below(2_000)));
        let failed = loop {
            let batch = self.model.next_batch(&mut self.random);
            match log.append(&batch.segments, &batch.header, NOW_MS) {
                Ok(_) => self.model.push(batch),
                Err(error) => break error,
            }
        };
        assert!(matches!(failed, LogError::DiskFull { .. }), "{failed}");
        self.model.check(log);
        self.store.set_room(None);
        self.append(log);
    }

    fn truncate(&mut self, log: &mut PartitionLog) {
        let count = self.model.batches.len() as u64;
        if count == 0 {
            return;
        }
        let first = &self.model.batches[self.random.below(count) as usize];
        let offset = first.header.base_offset;
        log.truncate_to(offset).expect("truncated");
        self.model.truncate_to(offset);
        self.model.flushed_end = self.model.flushed_end.min(offset);
        self.model.recovery_point = log.recovery_point();
        self.model.check(log);
    }

    /// The log is of no use then; what was flushed before is there when it is opened again.
    fn fail_flush(&mut self, log: &mut PartitionLog) {
        self.append(log);
        self.store.fail_syncs(1);
        log.flush().expect_err("a failed flush");
        let batch = self.model.next_batch(&mut self.random);
        let refused = log.append(&batch.segments, &batch.header, NOW_MS);
        assert!(matches!(refused, Err(LogError::Offline { .. })), "{refused:?}");
    }
}
