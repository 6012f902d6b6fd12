//! From MirrorMaker 2's files to Strait's configuration: its own properties file, Connect's JSON and Strimzi's YAML.

// The formats.
mod connector;
mod mirror_maker;
mod strimzi;

// What all of them become: clusters and flows by MirrorMaker 2's keys, and from there by Strait's.
mod cluster;
mod flow;
mod names;
mod plan;
mod providers;
mod report;
mod settings;

// Files of Kafka's clients.
mod client;

// A configuration as a file.
mod write;

use std::path::Path;

use config::FileFormat;

use crate::{Failure, load, properties};

pub(crate) use client::{Client, client};
pub(crate) use plan::{Purpose, Translated};
pub(crate) use report::Report;
pub(crate) use write::toml;

/// What a file became, and which of its keys have no effect.
pub(crate) struct Imported {
    pub(crate) translated: Translated,
    pub(crate) report: Report,
}

impl Imported {
    /// Names keys without effect on standard error.
    pub(crate) fn warn(&self, path: &Path) {
        if let Some(text) = self.report.noted(path) {
            eprintln!("{text}");
        }
    }
}

/// Reads MirrorMaker 2's properties file as `connect-mirror-maker` does; with `targets` only flows to one of these.
pub(crate) fn mirror_maker(path: &Path, targets: &[String], purpose: Purpose) -> Result<Imported, Failure> {
    let bytes = read(path)?;
    let entries = properties::parse(&bytes).map_err(|error| load::wrong(path, &error.to_string()))?;
    let mut report = Report::default();
    let plan = mirror_maker::plan(entries, targets, &mut report);
    finish(path, &plan, purpose, report)
}

/// Reads a file of any of the formats, by its ending.
pub(crate) fn any(path: &Path, purpose: Purpose) -> Result<Imported, Failure> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("none");
    let mut report = Report::default();
    let plan = match ending {
        "properties" => return mirror_maker(path, &[], purpose),
        "json" => {
            let value = serde_json::from_slice(&read(path)?)
                .map_err(|error| load::wrong(path, &error.to_string()))?;
            connector::plan(&value, &mut report)
        }
        "yaml" | "yml" => {
            let text = String::from_utf8_lossy(&read(path)?).into_owned();
            let value = load::parse(&text, FileFormat::Yaml).map_err(|reason| load::wrong(path, &reason))?;
            strimzi::plan(&value, &mut report)
        }
        other => {
            let reason = format!("its ending is `{other}`, allowed are properties, json, yaml and yml");
            return Err(load::wrong(path, &reason));
        }
    };
    finish(path, &plan, purpose, report)
}

fn finish(path: &Path, plan: &plan::Plan, purpose: Purpose, mut report: Report) -> Result<Imported, Failure> {
    let translated = plan.translate(purpose, &mut report);
    if report.refusals.is_empty() {
        Ok(Imported { translated, report })
    } else {
        Err(Failure::WrongInput(report.refused(path)))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| load::wrong(path, &format!("can't be read: {error}")))
}
