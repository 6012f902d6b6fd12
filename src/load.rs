//! From a file and the environment to a checked configuration. What is wrong is said by key, with what is allowed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use config::{Config, ConfigError, Environment, File, FileFormat};
use strait_replicator::configuration::Configuration;

use crate::Failure;

/// Overrides from the environment: `STRAIT__LIMITS__MEMORY_BYTES=...`.
const PREFIX: &str = "STRAIT_";
const SEPARATOR: &str = "__";
/// Names closer than this are offered as what was meant.
const SIMILAR: f64 = 0.7;

/// Reads, merges and checks; nothing has started when it fails.
pub(crate) fn configuration(path: &Path) -> Result<Configuration, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|error| wrong(path, &format!("can't be read: {error}")))?;
    let merged = Config::builder()
        .add_source(File::from_str(&text, format_of(path)?))
        .add_source(Environment::with_prefix(PREFIX).prefix_separator("_").separator(SEPARATOR))
        .build()
        .map_err(|error| wrong(path, &error.to_string()))?;
    let configuration: Configuration =
        merged.try_deserialize().map_err(|error| wrong(path, &explain(&error)))?;
    let problems = configuration.validate();
    if problems.is_empty() {
        return Ok(configuration);
    }
    let mut message = format!("error: {}: {} wrong", path.display(), problems.len());
    for problem in problems {
        let _ = write!(message, "\n  {} = {}: allowed is {}", problem.key, problem.value, problem.allowed);
        if let Some(nearest) = problem.nearest {
            let _ = write!(message, "; did you mean `{nearest}`?");
        }
    }
    Err(Failure::WrongInput(message))
}

fn wrong(path: &Path, reason: &str) -> Failure {
    Failure::WrongInput(format!("error: {}: {reason}", path.display()))
}

fn format_of(path: &Path) -> Result<FileFormat, Failure> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => Ok(FileFormat::Toml),
        Some("yaml" | "yml") => Ok(FileFormat::Yaml),
        other => {
            let found = other.unwrap_or("none");
            Err(wrong(path, &format!("its ending is `{found}`, allowed are toml, yaml and yml")))
        }
    }
}

/// The error, with the nearest valid key behind an unknown one.
fn explain(error: &ConfigError) -> String {
    let text = error.to_string();
    match nearest(&text) {
        Some(nearest) => format!("{text}; did you mean `{nearest}`?"),
        None => text,
    }
}

/// Serde names the unknown key first and the valid ones behind it, all in backticks.
fn nearest(text: &str) -> Option<String> {
    let unknown = text.split_once("unknown field `")?.1;
    let (unknown, rest) = unknown.split_once('`')?;
    let valid: BTreeSet<&str> = rest.split('`').skip(1).step_by(2).collect();
    let scored = valid.into_iter().map(|name| (strsim::jaro_winkler(unknown, name), name));
    let best = scored.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (best.0 >= SIMILAR).then(|| best.1.to_owned())
}
