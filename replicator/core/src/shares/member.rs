//! What workers tell each other through the group's coordinator, as bytes: versioned, decoded within the bytes present.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::{MOST_SHARES, Part};
use crate::state_record::codec::{Reader, Writer};
use crate::state_record::{StateRecordError, VERSION};

/// A worker as it describes itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    pub instance: String,
    /// Where it answers REST, `host:port`.
    pub address: String,
    /// It is to get no shares.
    pub is_draining: bool,
    /// The group's generation that gave it what it has; -1 when it has nothing.
    pub generation: i32,
    /// Its flows, and into how many shares each is split.
    pub flows: BTreeMap<String, u16>,
    /// The shares that it runs.
    pub owned: BTreeSet<Part>,
}

impl Member {
    /// Whether it knows the share's flow, split in the same way, and takes shares.
    pub(super) fn can_run(&self, part: &Part) -> bool {
        let count = part.share.map(|share| share.of);
        !self.is_draining && count.is_some() && self.flows.get(&part.flow).copied() == count
    }

    /// All shares of its flows.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part> {
        self.flows.iter().flat_map(|(flow, count)| Part::shares(flow, *count))
    }

    /// Its bytes in a JoinGroup request.
    pub fn encode(&self) -> Bytes {
        let mut out = Writer::new(VERSION);
        out.string(&self.instance);
        out.string(&self.address);
        out.u8(u8::from(self.is_draining));
        out.i32(self.generation);
        out.i32(i32::try_from(self.flows.len()).unwrap_or(i32::MAX));
        for (flow, count) in &self.flows {
            out.string(flow);
            out.i32(i32::from(*count));
        }
        write_parts(&mut out, &self.owned);
        out.finish()
    }

    /// Reads them; every byte must belong to it.
    pub fn decode(bytes: impl AsRef<[u8]>) -> Result<Self, StateRecordError> {
        let mut input = Reader::new(bytes.as_ref())?;
        input.only(VERSION)?;
        let mut member = Self {
            instance: input.string()?,
            address: input.string()?,
            is_draining: input.u8()? != 0,
            generation: input.i32()?,
            flows: BTreeMap::new(),
            owned: BTreeSet::new(),
        };
        for _ in 0..input.i32()? {
            let (flow, count) = (input.string()?, input.i32()?);
            let count = u16::try_from(count).unwrap_or(MOST_SHARES).min(MOST_SHARES);
            member.flows.insert(flow, count);
        }
        member.owned = read_parts(&mut input)?;
        input.finish()?;
        Ok(member)
    }
}

/// Shares as the bytes of an assignment.
pub fn encode_parts(parts: &BTreeSet<Part>) -> Bytes {
    let mut out = Writer::new(VERSION);
    write_parts(&mut out, parts);
    out.finish()
}

/// The shares of an assignment; none where the leader said nothing.
pub fn decode_parts(bytes: impl AsRef<[u8]>) -> Result<BTreeSet<Part>, StateRecordError> {
    if bytes.as_ref().is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut input = Reader::new(bytes.as_ref())?;
    input.only(VERSION)?;
    let parts = read_parts(&mut input)?;
    input.finish()?;
    Ok(parts)
}

fn write_parts(out: &mut Writer, parts: &BTreeSet<Part>) {
    out.i32(i32::try_from(parts.len()).unwrap_or(i32::MAX));
    parts.iter().for_each(|part| out.string(&part.to_string()));
}

/// What names no share is left out.
fn read_parts(input: &mut Reader<'_>) -> Result<BTreeSet<Part>, StateRecordError> {
    let mut parts = BTreeSet::new();
    for _ in 0..input.i32()? {
        if let Ok(part) = input.string()?.parse::<Part>() {
            parts.insert(part);
        }
    }
    Ok(parts)
}
