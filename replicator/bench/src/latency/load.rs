//! Numbered records, each a batch and a request of its own, sent at a fixed rate whatever the answers do.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use strait_client::Pending;
use strait_wire::message::produce::{ProduceRequest, ProduceResponse};
use strait_wire::record_data::RecordData;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::LatencyOptions;
use crate::copier::Running;
use crate::corpus::Corpus;
use crate::dataset::single;
use crate::error::BenchError;
use crate::topic::{Topic, answered};

/// Requests without an answer; more records wait.
const IN_FLIGHT: usize = 256;
const WAITING: usize = 100_000;

pub(super) struct Load {
    topic: Topic,
    corpus: Corpus,
    period: Duration,
    warm_up: Duration,
    duration: Duration,
    /// When each numbered record was due.
    pub(super) sent: Vec<Instant>,
    waiting: VecDeque<(i32, RecordData)>,
    in_flight: VecDeque<Pending<ProduceRequest>>,
}

/// The measured part of a load.
pub(super) struct Window {
    pub(super) first_number: usize,
    pub(super) cpu_percent: f64,
    pub(super) peak_resident_bytes: u64,
}

impl Load {
    pub(super) fn new(topic: Topic, options: &LatencyOptions) -> Self {
        Self {
            topic,
            corpus: Corpus { seed: options.seed, record_size: options.record_size },
            period: Duration::from_secs(1) / options.rate,
            warm_up: options.warm_up,
            duration: options.duration,
            sent: Vec::new(),
            waiting: VecDeque::new(),
            in_flight: VecDeque::new(),
        }
    }

    /// One record without a number for each partition.
    pub(super) async fn prime(&self) -> Result<(), BenchError> {
        for partition in 0..self.topic.partitions {
            let batch = single(None, &Bytes::from_static(b"prime"))?;
            self.topic.produced(self.topic.produce(vec![(partition, batch)])?.await?)?;
        }
        Ok(())
    }

    pub(super) async fn run(&mut self, running: &Running<'_>) -> Result<Window, BenchError> {
        self.send_for(self.warm_up).await?;
        let (first_number, begun, cpu) = (self.sent.len(), Instant::now(), running.cpu_seconds()?);
        self.send_for(self.duration).await?;
        let used = running.cpu_seconds()? - cpu;
        let window = Window {
            first_number,
            cpu_percent: used * 100.0 / begun.elapsed().as_secs_f64(),
            peak_resident_bytes: running.peak_resident_bytes()?,
        };
        while let Some(oldest) = self.in_flight.front_mut() {
            let response = oldest.await?;
            self.on_answer(response)?;
        }
        Ok(window)
    }

    async fn send_for(&mut self, time: Duration) -> Result<(), BenchError> {
        let mut clock = interval(self.period);
        clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let end = Instant::now() + time;
        while Instant::now() < end {
            tokio::select! {
                _ = clock.tick() => self.add()?,
                response = answered(self.in_flight.front_mut()) => self.on_answer(response?)?,
            }
        }
        Ok(())
    }

    fn on_answer(&mut self, response: ProduceResponse) -> Result<(), BenchError> {
        self.in_flight.pop_front();
        self.topic.produced(response)?;
        self.send()
    }

    /// The next record; its time counts from here although it may have to wait.
    fn add(&mut self) -> Result<(), BenchError> {
        let number = self.sent.len() as u64;
        let partition = (number % self.topic.partitions as u64) as i32;
        let key = Bytes::copy_from_slice(&number.to_be_bytes());
        let batch = single(Some(&key), &self.corpus.value(number))?;
        self.sent.push(Instant::now());
        self.waiting.push_back((partition, batch));
        if self.waiting.len() > WAITING {
            let reason = "the source does not take the records at this rate";
            return Err(BenchError::NothingMeasured { reason });
        }
        self.send()
    }

    fn send(&mut self) -> Result<(), BenchError> {
        while self.in_flight.len() < IN_FLIGHT
            && let Some(batch) = self.waiting.pop_front()
        {
            self.in_flight.push_back(self.topic.produce(vec![batch])?);
        }
        Ok(())
    }
}
