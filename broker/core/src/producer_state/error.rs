//! Why a batch or marker is refused, with the code that Kafka answers.

use strait_wire::error_code::ErrorCode;

/// What is wrong with a batch or a marker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A client aborts its transaction and tries again: not the fatal `PRODUCER_FENCED`.
    #[error("epoch {epoch} is below the last seen epoch {current}")]
    OldEpoch { epoch: i16, current: i16 },
    #[error("sequence {sequence} opens epoch {epoch} after epoch {current}")]
    NewEpochNotAtZero { sequence: i32, epoch: i16, current: i16 },
    #[error("sequence {sequence} follows sequence {last}")]
    OutOfOrder { sequence: i32, last: i32 },
    /// A batch with a lower sequence waits for the coordinator's answer (KIP-890).
    #[error("sequence {sequence} comes before sequence {lowest}, which was seen earlier")]
    BeforeVerified { sequence: i32, lowest: i32 },
    /// A producer whose epoch grows with each transaction starts each at 0 (KIP-890).
    #[error("sequence {sequence} is the first of a transaction")]
    TransactionNotAtZero { sequence: i32 },
    #[error("a batch outside the transaction that is open since offset {open_since}")]
    OutsideTransaction { open_since: i64 },
    #[error("a transactional batch without an ongoing transaction")]
    NotVerified,
    #[error("marker of coordinator epoch {epoch}, the last had epoch {current}")]
    OldCoordinator { epoch: i32, current: i32 },
    #[error("a marker of the epoch {epoch}, which is not above the last epoch {current}")]
    MarkerEpochNotRaised { epoch: i16, current: i16 },
}

/// A batch or marker that the producer's state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("producer {producer_id} at offset {offset}: {rejection}")]
pub struct ProducerStateError {
    pub producer_id: i64,
    pub offset: i64,
    pub rejection: Rejection,
}

impl ProducerStateError {
    /// The code of `ProducerAppendInfo`'s exceptions.
    pub fn code(&self) -> ErrorCode {
        match self.rejection {
            Rejection::OldEpoch { .. } | Rejection::MarkerEpochNotRaised { .. } => {
                ErrorCode::INVALID_PRODUCER_EPOCH
            }
            Rejection::NewEpochNotAtZero { .. }
            | Rejection::OutOfOrder { .. }
            | Rejection::BeforeVerified { .. }
            | Rejection::TransactionNotAtZero { .. } => ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
            Rejection::OutsideTransaction { .. } | Rejection::NotVerified => ErrorCode::INVALID_TXN_STATE,
            Rejection::OldCoordinator { .. } => ErrorCode::TRANSACTION_COORDINATOR_FENCED,
        }
    }
}
