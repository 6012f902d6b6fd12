//! Medians and ratios over all copies.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Run;
use crate::copier::CopierKind;
use crate::dataset::{DataSet, Stored};
use crate::statistics::median;

/// What everything is compared with.
const REFERENCES: [CopierKind; 2] = [CopierKind::Mm2Tuned, CopierKind::Floor];

/// All figures of one benchmark.
#[derive(Clone, Debug, Serialize)]
pub struct ReplicateReport {
    pub data: DataSet,
    pub source: Stored,
    pub medians: Vec<CopierMedians>,
    pub ratios: Vec<Ratio>,
    pub runs: Vec<Run>,
}

/// The median of each figure over a copier's rounds.
#[derive(Clone, Debug, Serialize)]
pub struct CopierMedians {
    pub copier: CopierKind,
    pub records_per_second: f64,
    pub whole_records_per_second: f64,
    pub cpu_seconds_per_gib: f64,
    pub cpu_seconds: f64,
    pub peak_resident_bytes: f64,
    pub first_record_seconds: f64,
    pub target_bytes: f64,
    pub other_cpu_percent: Option<f64>,
}

/// A copier against another: the median, lowest and highest of what the rounds gave.
#[derive(Clone, Debug, Serialize)]
pub struct Ratio {
    pub copier: CopierKind,
    pub reference: CopierKind,
    pub records_per_second: Spread,
    pub cpu_seconds_per_gib: Spread,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    pub median: f64,
    pub lowest: f64,
    pub highest: f64,
}

impl ReplicateReport {
    pub(super) fn new(data: DataSet, source: Stored, runs: Vec<Run>) -> Self {
        let copiers: BTreeSet<CopierKind> = runs.iter().map(|run| run.copier).collect();
        let medians = copiers.iter().filter_map(|copier| medians_of(*copier, &runs)).collect();
        let pairs =
            REFERENCES.iter().flat_map(|reference| copiers.iter().map(|copier| (*copier, *reference)));
        let pairs = pairs.filter(|(copier, reference)| copier != reference);
        let ratios = pairs.filter_map(|(copier, reference)| ratio_of(copier, reference, &runs)).collect();
        Self { data, source, medians, ratios, runs }
    }

    pub fn ratio(&self, copier: CopierKind, reference: CopierKind) -> Option<&Ratio> {
        self.ratios.iter().find(|ratio| ratio.copier == copier && ratio.reference == reference)
    }
}

fn medians_of(copier: CopierKind, runs: &[Run]) -> Option<CopierMedians> {
    let of = |figure: fn(&Run) -> f64| median(runs.iter().filter(|run| run.copier == copier).map(figure));
    Some(CopierMedians {
        copier,
        records_per_second: of(|run| run.records_per_second)?,
        whole_records_per_second: of(|run| run.whole_records_per_second)?,
        cpu_seconds_per_gib: of(|run| run.cpu_seconds_per_gib)?,
        cpu_seconds: of(|run| run.cpu_seconds)?,
        peak_resident_bytes: of(|run| run.peak_resident_bytes as f64)?,
        first_record_seconds: of(|run| run.first_record_seconds)?,
        target_bytes: of(|run| run.target.bytes as f64)?,
        other_cpu_percent: median(
            runs.iter().filter(|run| run.copier == copier).filter_map(|run| run.other_cpu_percent),
        ),
    })
}

fn ratio_of(copier: CopierKind, reference: CopierKind, runs: &[Run]) -> Option<Ratio> {
    let pairs = || {
        let ours = runs.iter().filter(move |run| run.copier == copier);
        ours.filter_map(move |run| {
            let theirs = runs.iter().find(|other| other.copier == reference && other.round == run.round)?;
            Some((run, theirs))
        })
    };
    let of = |figure: fn(&Run) -> f64| spread(pairs().map(|(ours, theirs)| figure(ours) / figure(theirs)));
    Some(Ratio {
        copier,
        reference,
        records_per_second: of(|run| run.records_per_second)?,
        cpu_seconds_per_gib: of(|run| run.cpu_seconds_per_gib)?,
    })
}

fn spread(values: impl Iterator<Item = f64> + Clone) -> Option<Spread> {
    let lowest = values.clone().fold(f64::INFINITY, f64::min);
    let highest = values.clone().fold(f64::NEG_INFINITY, f64::max);
    Some(Spread { median: median(values)?, lowest, highest })
}
