//! What one partition answers.

use strait_broker_core::produce_validation::TopicCompression;
use strait_broker_log::{FileRange, ReadLimits};
use strait_wire::batch::Compression;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::fetch::{AbortedTransaction, EpochEndOffset, PartitionData};
use strait_wire::record_data::RecordData;

use super::super::check_epoch;
use super::wanted::Wanted;
use crate::call::Call;
use crate::fetch_session::Told;
use crate::partition::{Isolation, Offsets, Partition, PartitionRead, ReadError};

/// First version whose clients know zstd.
const ZSTD: i16 = 10;

/// Bytes that the rest of an answer may take.
pub(super) struct Budget {
    left: usize,
    pub(super) used: usize,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self { left: bytes, used: 0 }
    }
}

/// What a read of one partition gave.
#[derive(Debug)]
pub(super) struct Found {
    error: ErrorCode,
    read: PartitionRead,
    diverging: Option<EpochEndOffset>,
}

impl Found {
    fn failed(error: ErrorCode) -> Self {
        let offsets = Offsets { log_start: -1, last_stable: -1, high_watermark: -1 };
        Self { error, read: PartitionRead { offsets, ..Default::default() }, diverging: None }
    }

    /// Not even looked for. As in Kafka the list of aborted transactions is empty then, where it is missing otherwise.
    fn not_there(error: ErrorCode) -> Self {
        let mut failed = Self::failed(error);
        failed.read.aborted = Some(Vec::new());
        failed
    }

    /// Whether the answer must not wait.
    pub(super) fn is_error(&self) -> bool {
        self.error != ErrorCode::NONE || self.diverging.is_some()
    }

    /// Bytes of its records.
    pub(super) fn size(&self) -> usize {
        self.read.size
    }

    pub(super) fn has_records(&self) -> bool {
        self.read.size > 0
    }

    /// What the client gets to know of the partition besides records.
    pub(super) fn told(&self) -> Told {
        let Offsets { log_start, last_stable, high_watermark } = self.read.offsets;
        Told { log_start, last_stable, high_watermark }
    }

    /// What the response tells, with where its records are when they stay in a file.
    pub(super) fn into_data(self, partition_index: i32) -> (PartitionData, Option<FileRange>) {
        let Self { error, read, diverging } = self;
        let aborted = read.aborted.map(|aborted| {
            let aborted = aborted.into_iter();
            aborted.map(|one| AbortedTransaction {
                producer_id: one.producer_id,
                first_offset: one.first_offset,
            })
        });
        let elsewhere = read.file.as_ref().map_or(0, |file| file.length);
        let data = PartitionData {
            partition_index,
            error_code: error.0,
            high_watermark: read.offsets.high_watermark,
            last_stable_offset: read.offsets.last_stable,
            log_start_offset: read.offsets.log_start,
            diverging_epoch: diverging.unwrap_or_default(),
            aborted_transactions: aborted.map(Iterator::collect),
            preferred_read_replica: -1,
            records: Some(RecordData { slices: read.batches, elsewhere }),
            ..Default::default()
        };
        (data, read.file)
    }
}

/// Reads one partition within the budget.
pub(super) fn read(call: &Call, wanted: &Wanted, isolation: Isolation, budget: &mut Budget) -> Found {
    let partition = match &wanted.partition {
        Ok(partition) => partition,
        Err(error) => return Found::not_there(*error),
    };
    let asked = &wanted.asked;
    // As in Kafka any negative epoch stands for none here.
    if let Err(error) = check_epoch(partition, asked.current_leader_epoch.max(-1)) {
        return Found::failed(error);
    }
    let is_zstd = partition.produce_rules().compression == TopicCompression::Fixed(Compression::Zstd);
    if call.version < ZSTD && is_zstd {
        return Found::failed(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    }
    match diverging(partition, asked.last_fetched_epoch, asked.fetch_offset) {
        Err(error) => return Found::failed(error),
        Ok(None) => {}
        Ok(Some(diverging)) => {
            let read =
                PartitionRead { offsets: partition.offsets().unwrap_or_default(), ..Default::default() };
            return Found { error: ErrorCode::NONE, read, diverging: Some(diverging) };
        }
    }
    let (max_bytes, at_least_one) = (asked.max_bytes.min(budget.left), budget.used == 0);
    let limits = ReadLimits { max_bytes, at_least_one, may_stay: call.sends_files };
    match partition.read(asked.fetch_offset, isolation, limits) {
        Ok(read) => {
            budget.used += read.size;
            budget.left = budget.left.saturating_sub(read.size);
            Found { error: ErrorCode::NONE, read, diverging: None }
        }
        Err(error) => {
            if let ReadError::Log(error) = &error {
                tracing::warn!(topic = partition.topic, partition = partition.index, %error, "can't read");
            }
            Found::failed(error.code())
        }
    }
}

/// Where the log of a client that read `epoch` up to `offset` parts from this one (KIP-595).
fn diverging(partition: &Partition, epoch: i32, offset: i64) -> Result<Option<EpochEndOffset>, ErrorCode> {
    if epoch < 0 {
        return Ok(None);
    }
    let (found, end_offset) = partition.epoch_end(epoch).map_err(|absent| absent.code())?;
    if found < 0 {
        return Err(ErrorCode::OFFSET_OUT_OF_RANGE);
    }
    let parts = found < epoch || end_offset < offset;
    Ok(parts.then_some(EpochEndOffset { epoch: found, end_offset }))
}
