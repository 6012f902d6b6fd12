//! Strait's HTTP face: status of flows and partitions, the ledger, metrics.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::strait::Strait;
use crate::wait::Attempt;

/// A range of the source that was not copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Stable name of the reason, such as `retention_gap`.
    pub reason: String,
    /// First and last offset of the source; -1 where the last one can't be known.
    pub offsets: (i64, i64),
}

impl Strait {
    /// The status of one flow, such as `east--west`.
    pub fn flow(&self, id: &str) -> Result<Value> {
        let answer = self.get("/v1/flows")?;
        let flows = answer["flows"].as_array().context("no flows in the answer")?;
        flows
            .iter()
            .find(|flow| flow["id"] == id)
            .cloned()
            .with_context(|| format!("no flow {id} in {answer}"))
    }

    /// GETs a path and parses the JSON of the answer.
    pub fn get(&self, path: &str) -> Result<Value> {
        let body = self.get_text(path)?;
        serde_json::from_str(&body).with_context(|| format!("{path} answers {body}"))
    }

    /// GETs a path; anything but 200 is an error.
    pub fn get_text(&self, path: &str) -> Result<String> {
        let limit = Some(Duration::from_secs(5));
        let mut stream = TcpStream::connect(("127.0.0.1", self.port()))?;
        stream.set_read_timeout(limit)?;
        stream.set_write_timeout(limit)?;
        // HTTP/1.0 keeps the answer free of chunks and ends it by closing.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("an answer without end of head")?;
        let status = head.split(' ').nth(1).context("an answer without status")?;
        if status != "200" {
            bail!("{path} answers {status}: {body}");
        }
        Ok(body.to_owned())
    }

    /// The status of one partition of a source topic.
    pub fn partition(&self, flow: &str, topic: &str, partition: i32) -> Result<Value> {
        let answer = self.get(&format!("/v1/flows/{flow}/partitions"))?;
        let partitions = answer["partitions"].as_array().context("no partitions in the answer")?;
        partitions
            .iter()
            .find(|status| status["topic"] == topic && status["partition"] == partition)
            .cloned()
            .with_context(|| format!("no {topic}-{partition} in {answer}"))
    }

    /// What the ledger says of one partition of a source topic, oldest first.
    pub fn losses(&self, flow: &str, topic: &str, partition: i32) -> Result<Vec<Loss>> {
        let answer = self.get(&format!("/v1/flows/{flow}/ledger"))?;
        let entries = answer["ledger"].as_array().context("no ledger in the answer")?;
        let here = entries.iter().filter(|entry| entry["topic"] == topic && entry["partition"] == partition);
        let loss = |entry: &Value| {
            let offset = |name: &str| entry[name].as_i64().with_context(|| format!("{name} in {entry}"));
            Ok(Loss {
                reason: entry["reason"].as_str().unwrap_or_default().to_owned(),
                offsets: (offset("first_offset")?, offset("last_offset")?),
            })
        };
        here.map(loss).collect()
    }

    /// Waits until a partition is in this state; gives its status.
    pub fn wait_partition(
        &mut self,
        flow: &str,
        (topic, partition): (&str, i32),
        state: &str,
        limit: Duration,
    ) -> Result<Value> {
        self.wait(&format!("{topic}-{partition} is {state}"), limit, |strait| {
            let status = strait.partition(flow, topic, partition)?;
            Ok(match status["state"] == state {
                true => Attempt::Done(status),
                false => Attempt::NotYet(status.to_string()),
            })
        })
    }

    /// The sum of all samples of a metric whose labels contain each of `labels`, such as `state="running"`.
    pub fn metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        let text = self.get_text("/metrics")?;
        let samples = text.lines().filter(|line| {
            let named = line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
            named && labels.iter().all(|label| line.contains(label))
        });
        let value = |line: &str| -> Result<f64> {
            Ok(line.rsplit_once(' ').with_context(|| format!("a sample: {line}"))?.1.parse()?)
        };
        samples.map(value).sum()
    }
}
