//! One produce of one batch with one outcome, never retried here.

use std::time::Duration;

use strait_wire::error_code::ErrorCode;
use strait_wire::ids::Uuid;
use strait_wire::message::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use strait_wire::record_data::RecordData;

use crate::connection::Connection;
use crate::error::ConnectionError;

/// From this version on topics travel by id.
const TOPIC_ID_VERSION: i16 = 13;

/// What became of a batch.
#[derive(Debug)]
pub enum ProduceOutcome {
    Acked {
        base_offset: i64,
        log_append_time: i64,
    },
    Refused {
        code: ErrorCode,
        message: Option<String>,
    },
    /// Nobody knows whether it was written.
    Ambiguous {
        error: ConnectionError,
    },
    /// It was not sent.
    NotSent {
        error: ConnectionError,
    },
}

/// Produces `records`, one closed batch, to a partition, and waits for all in-sync replicas.
pub async fn produce_once(
    connection: &Connection,
    topic: &str,
    topic_id: Uuid,
    partition: i32,
    records: RecordData,
    timeout: Duration,
) -> ProduceOutcome {
    let version = match connection.version_of::<ProduceRequest>() {
        Ok(highest) if topic_id.is_zero() => highest.min(TOPIC_ID_VERSION - 1),
        Ok(highest) => highest,
        Err(error) => return ProduceOutcome::NotSent { error: error.into() },
    };
    let mut data = TopicProduceData {
        partition_data: vec![PartitionProduceData { index: partition, records: Some(records) }],
        ..TopicProduceData::default()
    };
    if version >= TOPIC_ID_VERSION {
        data.topic_id = topic_id;
    } else {
        topic.clone_into(&mut data.name);
    }
    let timeout_ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let request =
        ProduceRequest { acks: -1, timeout_ms, topic_data: vec![data], ..ProduceRequest::default() };
    let response = match connection.call_at(&request, version).await {
        Ok(response) => response,
        Err(error) if error.is_ambiguous() => return ProduceOutcome::Ambiguous { error },
        Err(error) => return ProduceOutcome::NotSent { error },
    };
    let answer = response.responses.into_iter().flat_map(|topic| topic.partition_responses).next();
    match answer {
        Some(answer) if answer.error_code == 0 => {
            let (base_offset, log_append_time) = (answer.base_offset, answer.log_append_time_ms);
            ProduceOutcome::Acked { base_offset, log_append_time }
        }
        Some(answer) => {
            ProduceOutcome::Refused { code: ErrorCode(answer.error_code), message: answer.error_message }
        }
        None => {
            let address = connection.address().to_owned();
            let reason = "the answer names no partition".to_owned();
            ProduceOutcome::Ambiguous { error: ConnectionError::Closed { address, reason } }
        }
    }
}
