//! From a file and the environment to a checked configuration. What is wrong is said by key, with what is allowed.

use std::fmt::Write as _;
use std::path::Path;

use config::{FileFormat, Format};
use serde_json::Value;
use strait_client::ClientConfig;
use strait_replicator::configuration::{Cluster, Configuration, Problem};

use crate::environment::{self, Origins};
use crate::keys::{self, Kind};
use crate::{Failure, references};

/// How a problem begins that lies in a file or variable that the configuration names.
const UNUSABLE: &str = "what can be used";

/// Reads, merges and checks; nothing has started when it fails.
pub(crate) fn configuration(path: &Path) -> Result<Configuration, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|error| wrong(path, &format!("can't be read: {error}")))?;
    let value = parse(&text, format_of(path)?).map_err(|reason| wrong(path, &reason))?;
    checked(path, value, |key| key.to_owned())
}

/// Checks what is written to a file: without the environment, and without files and variables that need not be here.
pub(crate) fn check_written(
    path: &Path,
    value: &Value,
    name_of: impl Fn(&str) -> String,
) -> Result<(), Failure> {
    let mut problems = keys::check::problems(value);
    if problems.is_empty() {
        let configuration: Configuration =
            serde_json::from_value(value.clone()).map_err(|error| wrong(path, &error.to_string()))?;
        problems = configuration.validate();
        problems.retain(|problem| !problem.allowed.starts_with(UNUSABLE));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Failure::WrongInput(message(path, &problems, &Origins::new(), name_of)))
}

/// Adds the environment to `value`, resolves references and checks all of it. `name_of` says how a key is named in the
/// file at `path`.
pub(crate) fn checked(
    path: &Path,
    mut value: Value,
    name_of: impl Fn(&str) -> String,
) -> Result<Configuration, Failure> {
    let origins = environment::apply(&mut value, std::env::vars());
    let mut problems = Vec::new();
    resolve_references(&mut value, "", &mut problems);
    problems.extend(keys::check::problems(&value));
    if problems.is_empty() {
        let configuration: Configuration =
            serde_json::from_value(value).map_err(|error| wrong(path, &error.to_string()))?;
        problems = configuration.validate();
        if problems.is_empty() {
            return Ok(configuration);
        }
    }
    Err(Failure::WrongInput(message(path, &problems, &origins, name_of)))
}

/// A cluster alone, of a file of another kind.
pub(crate) fn cluster(path: &Path, mut value: Value) -> Result<ClientConfig, Failure> {
    let mut problems = Vec::new();
    resolve_references(&mut value, "clusters.client", &mut problems);
    if !problems.is_empty() {
        return Err(Failure::WrongInput(message(path, &problems, &Origins::new(), str::to_owned)));
    }
    let cluster: Cluster = serde_json::from_value(value).map_err(|error| wrong(path, &error.to_string()))?;
    let config = cluster.client_config();
    config.security.check().map_err(|error| wrong(path, &error.to_string()))?;
    Ok(config)
}

/// The tables of a TOML or YAML text.
pub(crate) fn parse(text: &str, format: FileFormat) -> Result<Value, String> {
    let table = format.parse(None, text).map_err(|error| error.to_string().trim_end().to_owned())?;
    config::Value::from(table).try_deserialize().map_err(|error| error.to_string())
}

fn resolve_references(value: &mut Value, path: &str, problems: &mut Vec<Problem>) {
    match value {
        Value::Object(table) => {
            for (name, value) in table {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                resolve_references(value, &path, problems);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                resolve_references(item, &format!("{path}[{index}]"), problems);
            }
        }
        Value::String(text) if references::first(text).is_some() => {
            // The client reads such a secret itself, so that it is never written anywhere.
            if keys::is_secret(path) && text.starts_with("${env:") && text.find('}') == Some(text.len() - 1) {
                return;
            }
            let kind = keys::find(path).map_or(Kind::Text, |key| key.kind);
            match references::resolve(text, references::own_provider) {
                Ok(resolved) => *value = environment::typed(resolved, kind),
                Err(error) => problems.push(Problem {
                    key: path.to_owned(),
                    value: text.clone(),
                    allowed: format!("a reference to something that is there ({error})"),
                    nearest: None,
                }),
            }
        }
        _ => {}
    }
}

fn message(path: &Path, problems: &[Problem], origins: &Origins, name_of: impl Fn(&str) -> String) -> String {
    let mut message = format!("error: {}: {} wrong", path.display(), problems.len());
    for problem in problems {
        let name = match origins.get(&problem.key) {
            Some(variable) => format!("{variable} ({})", problem.key),
            None => name_of(&problem.key),
        };
        let _ = write!(message, "\n  {name} = {}: allowed is {}", problem.value, problem.allowed);
        if let Some(nearest) = &problem.nearest {
            let _ = write!(message, "; did you mean `{nearest}`?");
        }
    }
    message
}

pub(crate) fn wrong(path: &Path, reason: &str) -> Failure {
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
