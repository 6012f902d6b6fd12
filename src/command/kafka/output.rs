//! Tables for people, JSON and CSV for programs. Data goes to standard output, the rest to standard error.

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
    Csv,
}

/// Rows of the same columns: a table, an array of objects, or lines.
pub(crate) fn print(output: Output, columns: &[&str], rows: Vec<Vec<Value>>) -> Result<(), Failure> {
    let text = match output {
        Output::Json => {
            let objects = rows.into_iter().map(|row| {
                let named = columns.iter().map(|column| (*column).to_owned()).zip(row);
                Value::Object(named.collect::<Map<_, _>>())
            });
            format!("{:#}", Value::Array(objects.collect()))
        }
        Output::Csv => {
            let header = columns.iter().map(|column| (*column).to_owned()).collect();
            let lines = rows.iter().map(|row| row.iter().map(csv_cell).collect::<Vec<_>>());
            let lines = std::iter::once(header).chain(lines).map(|cells: Vec<String>| cells.join(","));
            lines.collect::<Vec<_>>().join("\n")
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
        Value::Number(number) if number.is_f64() => format!("{:.1}", number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

/// A cell as RFC 4180 has it; nothing where there is no value.
fn csv_cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        other => cell(other),
    };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_of_csv_are_quoted_where_they_must_be() {
        for (value, cell) in [
            (json!(null), ""),
            (json!(17), "17"),
            (json!("orders"), "orders"),
            (json!("a,b"), "\"a,b\""),
            (json!("say \"so\""), "\"say \"\"so\"\"\""),
            (json!(["a", "b"]), "\"a,b\""),
        ] {
            assert_eq!(csv_cell(&value), cell);
        }
    }
}
