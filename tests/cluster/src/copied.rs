//! Waiting until a flow has copied everything, then proving it by reading both sides.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::digest::{Contents, Timestamps};
use crate::kafka::Kafka;
use crate::strait::Strait;
use crate::topic;
use crate::wait::Attempt;

/// A topic at the source and where its copy is.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// Source cluster and topic.
    pub source: (&'a Kafka, &'a str),
    /// Target cluster and topic.
    pub target: (&'a Kafka, &'a str),
    /// The flow between, such as `east--west`.
    pub flow: &'a str,
}

impl Pair<'_> {
    /// Waits until the target spans as many offsets as the source, and Strait itself sees no lag.
    pub fn wait(&self, strait: &mut Strait, limit: Duration) -> Result<Duration> {
        let begun = Instant::now();
        let wanted = topic::span(self.source.0, self.source.1);
        let what = format!("{wanted} offsets of {} in {} ({})", self.source.1, self.target.1, self.flow);
        strait.wait(&what, limit, |_| {
            let copied = topic::span(self.target.0, self.target.1);
            Ok(match copied >= wanted {
                true => Attempt::Done(()),
                false => Attempt::NotYet(format!("{copied} offsets at the target")),
            })
        })?;
        let taken = begun.elapsed();
        strait.wait(&format!("no lag in {}", self.flow), limit, |strait| {
            let status = strait.flow(self.flow)?;
            Ok(match status["lag_records"] == 0 {
                true => Attempt::Done(()),
                false => Attempt::NotYet(status.to_string()),
            })
        })?;
        Ok(taken)
    }

    /// Reads both topics: panics unless the source holds `records` and the target the same ones.
    pub fn assert_same(&self, records: u64) -> Result<()> {
        let source = Contents::read(self.source.0, self.source.1)?;
        assert_eq!(u64::try_from(source.count())?, records, "records in {} at the source", self.source.1);
        source.assert_same(&Contents::read(self.target.0, self.target.1)?);
        Ok(())
    }

    /// Waits until the target has as many committed records as the source has now, then compares all of them.
    pub fn assert_copied(&self, strait: &mut Strait, timestamps: Timestamps, limit: Duration) -> Result<()> {
        let source = Contents::read_as(self.source.0, self.source.1, timestamps)?;
        let wanted = source.count();
        let what = format!("{wanted} records of {} in {}", self.source.1, self.target.1);
        let target = strait.wait(&what, limit, |_| {
            let span = usize::try_from(topic::span(self.target.0, self.target.1))?;
            if span < wanted {
                return Ok(Attempt::NotYet(format!("{span} offsets at the target")));
            }
            let target = Contents::read_as(self.target.0, self.target.1, timestamps)?;
            Ok(match target.count() {
                count if count < wanted => Attempt::NotYet(format!("{count} records at the target")),
                _ => Attempt::Done(target),
            })
        })?;
        source.assert_same(&target);
        Ok(())
    }
}
