//! What was measured, and its medians.

use serde::{Serialize, Serializer};
use strait_wire::batch::Compression;

use super::running::BrokerKind;
use crate::statistics::median;

/// Who sends and reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Driver {
    /// Requests that were encoded before.
    Encoded,
    /// Kafka's ProducerPerformance and ConsumerPerformance.
    Java,
    /// librdkafka's rdkafka_performance.
    Librdkafka,
}

impl Driver {
    pub fn name(self) -> &'static str {
        match self {
            Self::Encoded => "encoded",
            Self::Java => "java",
            Self::Librdkafka => "librdkafka",
        }
    }
}

/// What a driver does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Work {
    Produce,
    /// Produce while readers follow.
    Tail,
    /// Read from the begin what is there.
    Cold,
}

impl Work {
    pub fn name(self) -> &'static str {
        match self {
            Self::Produce => "produce",
            Self::Tail => "tail",
            Self::Cold => "cold",
        }
    }
}

/// One line of the table: who does what with which records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Task {
    pub driver: Driver,
    pub work: Work,
    /// Bytes of a value.
    pub record_size: usize,
    #[serde(serialize_with = "name_of")]
    pub compression: Compression,
}

fn name_of<S: Serializer>(compression: &Compression, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(compression.name())
}

/// What one broker did with a task once, or the medians of several times.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Figures {
    pub records_per_second: f64,
    /// User and system time of the broker for each GiB of batches, or of values where another program encodes them.
    pub cpu_seconds_per_gib: f64,
    /// From a request, or a record, to its answer.
    pub milliseconds_p50: Option<f64>,
    pub milliseconds_p99: Option<f64>,
    /// Share of a core that the driver took; known of our own.
    pub driver_cpu_percent: Option<f64>,
    /// What of it is not the kernel's.
    pub driver_user_percent: Option<f64>,
}

/// One broker with one task, once.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BrokerRun {
    pub round: u32,
    pub broker: BrokerKind,
    #[serde(flatten)]
    pub task: Task,
    #[serde(flatten)]
    pub figures: Figures,
}

/// A task with the medians of each broker.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    #[serde(flatten)]
    pub task: Task,
    pub brokers: Vec<(BrokerKind, Figures)>,
    /// Medians over rounds of the first broker against the second in the same round.
    pub rate_ratio: Option<f64>,
    pub cpu_ratio: Option<f64>,
}

/// One start on an empty folder, and the memory of the broker that nobody uses.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BrokerStart {
    pub broker: BrokerKind,
    /// From the start of the process to the first acknowledged record.
    pub first_record_seconds: f64,
    pub idle_resident_bytes: f64,
}

/// What belongs to a broker and to no task.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BrokerMedians {
    pub broker: BrokerKind,
    /// Nothing where no start was measured.
    pub first_record_seconds: Option<f64>,
    pub idle_resident_bytes: Option<f64>,
    /// Highest resident set in all tasks.
    pub peak_resident_bytes: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct BrokerReport {
    pub lines: Vec<Line>,
    pub brokers: Vec<BrokerMedians>,
    pub runs: Vec<BrokerRun>,
    pub starts: Vec<BrokerStart>,
}

/// A line for each task, in the order in which they were first done.
pub(super) fn lines(runs: &[BrokerRun], brokers: &[BrokerKind]) -> Vec<Line> {
    let mut tasks: Vec<Task> = Vec::new();
    for run in runs {
        if !tasks.contains(&run.task) {
            tasks.push(run.task);
        }
    }
    let line = |task: Task| {
        let of_task: Vec<BrokerRun> = runs.iter().filter(|run| run.task == task).copied().collect();
        let figures = brokers.iter().filter_map(|broker| Some((*broker, medians_of(*broker, &of_task)?)));
        Line {
            task,
            brokers: figures.collect(),
            rate_ratio: ratio(&of_task, brokers, |figures| figures.records_per_second),
            cpu_ratio: ratio(&of_task, brokers, |figures| figures.cpu_seconds_per_gib),
        }
    };
    tasks.into_iter().map(line).collect()
}

fn medians_of(broker: BrokerKind, runs: &[BrokerRun]) -> Option<Figures> {
    let figures: Vec<Figures> =
        runs.iter().filter(|run| run.broker == broker).map(|run| run.figures).collect();
    let of = |figure: fn(&Figures) -> Option<f64>| median(figures.iter().filter_map(figure));
    Some(Figures {
        records_per_second: of(|figures| Some(figures.records_per_second))?,
        cpu_seconds_per_gib: of(|figures| Some(figures.cpu_seconds_per_gib))?,
        milliseconds_p50: of(|figures| figures.milliseconds_p50),
        milliseconds_p99: of(|figures| figures.milliseconds_p99),
        driver_cpu_percent: of(|figures| figures.driver_cpu_percent),
        driver_user_percent: of(|figures| figures.driver_user_percent),
    })
}

fn ratio(runs: &[BrokerRun], brokers: &[BrokerKind], figure: fn(&Figures) -> f64) -> Option<f64> {
    let [first, second, ..] = brokers else { return None };
    let of = |kind: &BrokerKind| {
        let kind = *kind;
        runs.iter().filter(move |run: &&BrokerRun| run.broker == kind)
    };
    median(of(first).filter_map(|ours| {
        let theirs = of(second).find(|run| run.round == ours.round)?;
        Some(figure(&ours.figures) / figure(&theirs.figures))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(round: u32, broker: BrokerKind, rate: f64, cpu: f64) -> BrokerRun {
        let task = Task {
            driver: Driver::Encoded,
            work: Work::Produce,
            record_size: 100,
            compression: Compression::None,
        };
        let figures = Figures {
            records_per_second: rate,
            cpu_seconds_per_gib: cpu,
            milliseconds_p50: None,
            milliseconds_p99: Some(rate),
            driver_cpu_percent: None,
            driver_user_percent: None,
        };
        BrokerRun { round, broker, task, figures }
    }

    #[test]
    fn ratios_are_of_one_round() {
        let (ours, theirs) = (BrokerKind::Strait, BrokerKind::Kafka);
        let runs = [
            run(0, ours, 10.0, 1.0),
            run(0, theirs, 5.0, 2.0),
            run(1, theirs, 1.0, 4.0),
            run(1, ours, 4.0, 1.0),
        ];
        let lines = lines(&runs, &[ours, theirs]);
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].rate_ratio, lines[0].cpu_ratio), (Some(3.0), Some(0.375)));
        let figures: Vec<f64> = lines[0].brokers.iter().map(|(_, all)| all.records_per_second).collect();
        assert_eq!(figures, [7.0, 3.0]);
        assert_eq!(lines[0].brokers[0].1.milliseconds_p99, Some(7.0));
    }
}
