//! Metrics as a picture taken at each scrape: series that are gone are not shown, and none are merged.

use std::collections::BTreeMap;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Registry, TextEncoder};

use crate::problem::Problem;

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Grows from the start of the process.
    Counter,
    Gauge,
}

/// The families of one scrape.
#[derive(Debug, Default)]
pub struct Families {
    by_name: BTreeMap<String, MetricFamily>,
}

impl Families {
    /// Adds one series.
    pub fn add(&mut self, name: &str, help: &str, kind: Kind, labels: &[(&str, &str)], value: f64) {
        let family = self.by_name.entry(name.to_owned()).or_insert_with(|| {
            let mut family = MetricFamily::default();
            family.set_name(name.to_owned());
            family.set_help(help.to_owned());
            family.set_field_type(match kind {
                Kind::Counter => MetricType::COUNTER,
                Kind::Gauge => MetricType::GAUGE,
            });
            family
        });
        family.mut_metric().push(metric(kind, labels, value));
    }
}

fn metric(kind: Kind, labels: &[(&str, &str)], value: f64) -> Metric {
    let mut metric = Metric::default();
    let pairs = labels.iter().map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    });
    metric.set_label(pairs.collect());
    match kind {
        Kind::Counter => {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        }
        Kind::Gauge => {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
    }
    metric
}

struct Picture<F>(F);

impl<F: Fn(&mut Families) + Send + Sync> Collector for Picture<F> {
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut families = Families::default();
        (self.0)(&mut families);
        families.by_name.into_values().collect()
    }
}

/// Lets `collect` fill the families at each scrape of `registry`.
pub fn register(
    registry: &Registry,
    collect: impl Fn(&mut Families) + Send + Sync + 'static,
) -> Result<(), prometheus::Error> {
    registry.register(Box::new(Picture(collect)))
}

/// `/metrics` in Prometheus' text format.
pub fn metrics(registry: Registry) -> Router {
    Router::new().route("/metrics", get(move || std::future::ready(encode(&registry))))
}

fn encode(registry: &Registry) -> Response {
    let content_type = [(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)];
    match TextEncoder::new().encode_to_string(&registry.gather()) {
        Ok(text) => (content_type, text).into_response(),
        Err(error) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "metrics-failed", "Metrics can't be shown", error.to_string())
                .into_response()
        }
    }
}
