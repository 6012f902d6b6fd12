//! What follows from a broker's answer to a batch (`Sender.completeBatch`, `TransactionManager.canRetry`).

use strait_wire::error_code::{ErrorClass, ErrorCode};

use super::sequences::{Gap, Sequences};

/// A broker's answer, and what is known of the batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) code: ErrorCode,
    pub(crate) log_start_offset: i64,
    pub(crate) first: u64,
    pub(crate) records: i32,
    /// Attempts are left, and time.
    pub(crate) may_retry: bool,
    pub(crate) idempotent: bool,
    pub(crate) transactional: bool,
}

/// What is done with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Written,
    /// It was there already; where, the broker does not say.
    WasWritten,
    /// It is sent again in two parts.
    Split,
    Retry,
    /// It is sent again when the partition counts from 0 under a new epoch.
    RetryRestarted,
    Fail,
}

impl Answer {
    pub(crate) fn verdict(self, sequences: &Sequences) -> Verdict {
        match self.code {
            ErrorCode::NONE => Verdict::Written,
            ErrorCode::DUPLICATE_SEQUENCE_NUMBER => Verdict::WasWritten,
            ErrorCode::MESSAGE_TOO_LARGE if self.records > 1 => Verdict::Split,
            _ if !self.may_retry => Verdict::Fail,
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER if self.idempotent => {
                self.after(sequences.on_out_of_order(self.first, self.transactional))
            }
            ErrorCode::UNKNOWN_PRODUCER_ID if self.idempotent => self.after(sequences.on_unknown_producer(
                self.first,
                self.log_start_offset,
                self.transactional,
            )),
            code if is_retriable(code) => Verdict::Retry,
            _ => Verdict::Fail,
        }
    }

    fn after(self, gap: Gap) -> Verdict {
        match gap {
            Gap::WaitsForOlder => Verdict::Retry,
            Gap::Restarts => Verdict::RetryRestarted,
            Gap::Fails => Verdict::Fail,
        }
    }
}

/// In Kafka's clients these errors are retriable, or stand for a lost connection.
fn is_retriable(code: ErrorCode) -> bool {
    matches!(code.class(), ErrorClass::Retriable | ErrorClass::RefreshMetadata)
}

/// Whether leaders are to be asked for again.
pub(crate) fn wants_metadata(code: ErrorCode) -> bool {
    code.class() == ErrorClass::RefreshMetadata
}

/// After these errors a transactional producer is of no use any more.
pub(crate) fn is_fatal(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::CLUSTER_AUTHORIZATION_FAILED
            | ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED
            | ErrorCode::PRODUCER_FENCED
            | ErrorCode::UNSUPPORTED_VERSION
            | ErrorCode::INVALID_PRODUCER_ID_MAPPING
            | ErrorCode::TRANSACTION_COORDINATOR_FENCED
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::ProducerIdentity;

    #[test]
    fn answers_decide_as_in_kafkas_client() {
        let mut sequences = Sequences::default();
        let identity = ProducerIdentity { producer_id: 7, producer_epoch: 0 };
        sequences.assign(0, 2, identity);
        sequences.assign(2, 2, identity);
        let answer = |code, first, records, may_retry, transactional| Answer {
            code,
            log_start_offset: 0,
            first,
            records,
            may_retry,
            idempotent: true,
            transactional,
        };
        let table = [
            (ErrorCode::NONE, 0, 2, true, false, Verdict::Written),
            (ErrorCode::DUPLICATE_SEQUENCE_NUMBER, 0, 2, false, false, Verdict::WasWritten),
            (ErrorCode::MESSAGE_TOO_LARGE, 0, 2, true, false, Verdict::Split),
            (ErrorCode::MESSAGE_TOO_LARGE, 0, 1, true, false, Verdict::Fail),
            (ErrorCode::NOT_LEADER_OR_FOLLOWER, 0, 2, true, false, Verdict::Retry),
            (ErrorCode::NOT_LEADER_OR_FOLLOWER, 0, 2, false, false, Verdict::Fail),
            (ErrorCode::TOPIC_AUTHORIZATION_FAILED, 0, 2, true, false, Verdict::Fail),
            (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, 2, 2, true, true, Verdict::Retry),
            (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, 0, 2, true, true, Verdict::Fail),
            (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, 0, 2, true, false, Verdict::RetryRestarted),
            (ErrorCode::UNKNOWN_PRODUCER_ID, 0, 2, true, false, Verdict::RetryRestarted),
            (ErrorCode::INVALID_PRODUCER_EPOCH, 0, 2, true, false, Verdict::Fail),
        ];
        for (code, first, records, may_retry, transactional, expected) in table {
            let found = answer(code, first, records, may_retry, transactional).verdict(&sequences);
            assert_eq!(found, expected, "{code} of {first}");
        }
    }
}
