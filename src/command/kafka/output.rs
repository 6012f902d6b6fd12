//! Tables for people, JSON for programs. Data goes to standard output, the rest to standard error.

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::Table;
use serde_json::{Map, Value};
use strait_client::BrokerError;

use crate::Failure;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Table,
    Json,
}

/// Rows of the same columns: a table, or an array of objects.
pub(crate) fn print(output: Output, columns: &[&str], rows: Vec<Vec<Value>>) -> Result<(), Failure> {
    let text = match output {
        Output::Json => {
            let objects = rows.into_iter().map(|row| {
                let named = columns.iter().map(|column| (*column).to_owned()).zip(row);
                Value::Object(named.collect::<Map<_, _>>())
            });
            format!("{:#}", Value::Array(objects.collect()))
        }
        Output::Table => {
            let mut table = Table::new();
            table.set_header(columns.iter().map(|column| column.to_uppercase()));
            for row in rows {
                table.add_row(row.iter().map(cell));
            }
            table.to_string()
        }
    };
    writeln!(io::stdout().lock(), "{text}").map_err(|error| Failure::Failed(error.into()))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// What brokers refused, each by its name: the command fails, whatever else was done.
pub(crate) fn refused<T>(
    results: Vec<(String, Result<T, BrokerError>)>,
) -> Result<Vec<(String, T)>, Failure> {
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for (name, result) in results {
        match result {
            Ok(value) => done.push((name, value)),
            Err(error) => failed.push(format!("{name}: {error}")),
        }
    }
    match failed.is_empty() {
        true => Ok(done),
        false => Err(Failure::Failed(anyhow::anyhow!("{}", failed.join("; ")))),
    }
}
