//! How a record is printed.

use std::io::{self, Write};

use serde_json::{Value, json};
use strait_client::ConsumerRecord;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Topic,
    Partition,
    Offset,
    Time,
    Key,
    Value,
    Headers,
}

/// Text with places for parts of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format(Vec<Part>);

pub(super) fn parse(text: &str) -> Result<Format, String> {
    let (mut parts, mut plain) = (Vec::new(), String::new());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let part = match (letter, if matches!(letter, '%' | '\\') { letters.next() } else { None }) {
            ('%', Some('t')) => Part::Topic,
            ('%', Some('p')) => Part::Partition,
            ('%', Some('o')) => Part::Offset,
            ('%', Some('T')) => Part::Time,
            ('%', Some('k')) => Part::Key,
            ('%', Some('v')) => Part::Value,
            ('%', Some('h')) => Part::Headers,
            ('%', Some('%')) => Part::Text("%".to_owned()),
            ('\\', Some('n')) => Part::Text("\n".to_owned()),
            ('\\', Some('t')) => Part::Text("\t".to_owned()),
            ('\\', Some('\\')) => Part::Text("\\".to_owned()),
            ('%' | '\\', other) => {
                let found = other.map(String::from).unwrap_or_default();
                return Err(format!("`{letter}{found}` stands for nothing"));
            }
            (letter, _) => Part::Text(letter.to_string()),
        };
        match part {
            Part::Text(text) => plain.push_str(&text),
            part => {
                parts.extend((!plain.is_empty()).then(|| Part::Text(std::mem::take(&mut plain))));
                parts.push(part);
            }
        }
    }
    parts.extend((!plain.is_empty()).then_some(Part::Text(plain)));
    Ok(Format(parts))
}

impl Format {
    /// Bytes of keys and values go out as they are; what is not there is nothing.
    pub(super) fn write(&self, record: &ConsumerRecord, out: &mut impl Write) -> io::Result<()> {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.write_all(text.as_bytes())?,
                Part::Topic => out.write_all(record.topic.as_bytes())?,
                Part::Partition => write!(out, "{}", record.partition)?,
                Part::Offset => write!(out, "{}", record.offset)?,
                Part::Time => write!(out, "{}", record.timestamp_ms)?,
                Part::Key => out.write_all(record.key.as_deref().unwrap_or_default())?,
                Part::Value => out.write_all(record.value.as_deref().unwrap_or_default())?,
                Part::Headers => write_headers(record, out)?,
            }
        }
        Ok(())
    }
}

fn write_headers(record: &ConsumerRecord, out: &mut impl Write) -> io::Result<()> {
    for (place, header) in record.headers.iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        out.write_all(&header.key)?;
        out.write_all(b"=")?;
        out.write_all(header.value.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

/// One line; bytes that are no text are a list of numbers.
pub(super) fn json(record: &ConsumerRecord) -> Value {
    let headers = record.headers.iter().map(|header| {
        let name = String::from_utf8_lossy(&header.key);
        json!({ "name": name, "value": text(header.value.as_deref()) })
    });
    json!({
        "topic": &*record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp_ms": record.timestamp_ms,
        "key": text(record.key.as_deref()),
        "value": text(record.value.as_deref()),
        "headers": headers.collect::<Vec<_>>(),
    })
}

fn text(bytes: Option<&[u8]>) -> Value {
    match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        None => Value::Null,
        Some((_, Ok(text))) => text.into(),
        Some((bytes, Err(_))) => bytes.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> ConsumerRecord {
        ConsumerRecord {
            topic: "orders".into(),
            partition: 1,
            offset: 7,
            leader_epoch: None,
            timestamp_ms: 5,
            is_append_time: false,
            key: None,
            value: Some(vec![0xff, b'x'].into()),
            headers: Vec::new(),
        }
    }

    #[test]
    fn a_format_names_parts_of_a_record() {
        let printed = |format: &str| {
            let mut out = Vec::new();
            parse(format).expect("a format").write(&record(), &mut out).expect("written");
            out
        };
        assert_eq!(printed("%t-%p@%o %T %k%h 100%%\\t\\n"), b"orders-1@7 5  100%\t\n");
        assert_eq!(printed("%v"), [0xff, b'x']);
        assert!(parse("%q").is_err());
        assert!(parse("%").is_err());
    }

    #[test]
    fn json_keeps_bytes_that_are_no_text() {
        let value = json(&record());
        assert_eq!(value["value"], json!([255, 120]));
        assert_eq!(value["key"], Value::Null);
    }
}
