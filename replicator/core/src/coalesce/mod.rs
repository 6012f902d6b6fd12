//! Small adjacent batches become one, so that a topic of 1-record batches is not one request round per record.
//! A batch that can't be opened or would not fit stays as it is.

use strait_wire::batch::{ClosedBatch, DecompressionLimit, Record, open};

use crate::rewrite::{Encoding, LeftOut, Prepared, PreparedKind, SourceOffsets};

/// When batches are put together.
#[derive(Clone, Copy, Debug)]
pub struct CoalesceRules {
    /// A batch of fewer bytes is small.
    pub small_batch_bytes: usize,
    /// Most bytes of a batch made from several, at most the target's `max.message.bytes`.
    pub max_batch_bytes: usize,
    /// What the opened records of one new batch may need.
    pub decompression_limit: DecompressionLimit,
}

/// Puts runs of small batches together, over skipped ranges between them. Order and coverage stay.
pub fn coalesce(prepared: Vec<Prepared>, rules: &CoalesceRules) -> Vec<Prepared> {
    let mut out = Vec::with_capacity(prepared.len());
    let mut group = Group::default();
    for item in prepared {
        if let Some(size) = joins(&item, rules) {
            if group.size + size > rules.max_batch_bytes || !group.is_like(&item) {
                std::mem::take(&mut group).finish(rules, &mut out);
            }
            group.size += size;
            group.data += usize::from(size > 0);
            group.items.push(item);
        } else {
            std::mem::take(&mut group).finish(rules, &mut out);
            out.push(item);
        }
    }
    group.finish(rules, &mut out);
    out
}

/// The bytes that an item adds to a group; `None` when it must stay alone.
fn joins(item: &Prepared, rules: &CoalesceRules) -> Option<usize> {
    match &item.kind {
        PreparedKind::Data { batch, .. } => (batch.size() < rules.small_batch_bytes).then_some(batch.size()),
        PreparedKind::Skipped(_) => Some(0),
    }
}

#[derive(Default)]
struct Group {
    items: Vec<Prepared>,
    size: usize,
    data: usize,
}

impl Group {
    /// Batches of different origins keep their producer ids apart.
    fn is_like(&self, item: &Prepared) -> bool {
        let data = self.items.iter().find(|item| item.records() > 0);
        item.records() == 0
            || data.is_none_or(|data| data.origin == item.origin && data.transactional == item.transactional)
    }

    fn finish(mut self, rules: &CoalesceRules, out: &mut Vec<Prepared>) {
        // Skipped ranges at the ends need no batch.
        let is_data = |item: &Prepared| item.records() > 0;
        let (Some(first), Some(last)) =
            (self.items.iter().position(is_data), self.items.iter().rposition(is_data))
        else {
            out.append(&mut self.items);
            return;
        };
        let after = self.items.split_off(last + 1);
        let middle = self.items.split_off(first);
        out.append(&mut self.items);
        match (self.data > 1).then(|| merge(&middle, rules)).flatten() {
            Some(merged) => out.push(merged),
            None => out.extend(middle),
        }
        out.extend(after);
    }
}

/// One batch of all records; `None` when they can't be opened within the limit or the result is too large.
fn merge(items: &[Prepared], rules: &CoalesceRules) -> Option<Prepared> {
    let mut records: Vec<Record> = Vec::new();
    let mut budget = rules.decompression_limit.0;
    let mut first: Option<(&Prepared, &ClosedBatch)> = None;
    for item in items {
        let PreparedKind::Data { batch, offsets, .. } = &item.kind else { continue };
        let opened = open(batch, DecompressionLimit(budget)).ok()?;
        budget = budget.checked_sub(opened.iter().map(needed_bytes).sum())?;
        records.extend(opened.into_iter().zip(source_offsets(item.source_base, offsets)).map(place));
        first.get_or_insert((item, batch));
    }
    let (first, batch) = first?;
    let last = items.last()?;
    let encoding = Encoding {
        codec: batch.header().attributes.compression().ok()?,
        leader_epoch: last.leader_epoch,
        max_message_bytes: rules.max_batch_bytes,
        left_out: &LeftOut::default(),
    };
    let batch = encoding.encode(&records).ok()?;
    if batch.size() > rules.max_batch_bytes {
        return None;
    }
    let offsets = records.iter().map(|record| record.offset).collect();
    let merged = Prepared::encoded(batch, offsets, last.source_next, last.leader_epoch);
    Some(Prepared { origin: first.origin, transactional: first.transactional, ..merged })
}

fn source_offsets(source_base: i64, offsets: &SourceOffsets) -> Box<dyn Iterator<Item = i64> + '_> {
    match offsets {
        SourceOffsets::Contiguous => Box::new(source_base..),
        SourceOffsets::Listed(listed) => Box::new(listed.iter().copied()),
    }
}

fn place((record, offset): (Record, i64)) -> Record {
    Record { offset, ..record }
}

/// What an opened record takes in memory, about.
fn needed_bytes(record: &Record) -> usize {
    let headers: usize = record
        .headers
        .iter()
        .map(|header| header.key.len() + header.value.as_ref().map_or(0, bytes::Bytes::len))
        .sum();
    let key = record.key.as_ref().map_or(0, bytes::Bytes::len);
    let value = record.value.as_ref().map_or(0, bytes::Bytes::len);
    size_of::<Record>() + key + value + headers
}

#[cfg(test)]
mod tests;
