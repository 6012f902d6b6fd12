//! The records of `__transaction_state`.

use bytes::Bytes;

use super::prefixed::{EncodedRecord, RecordDecodeError, decode_key, decode_value, encode, key_kind};
use super::transaction_log::{TransactionLogKey, TransactionLogValue};
use crate::codec::EncodeError;

const TRANSACTION_KIND: i16 = 0;
/// What Kafka writes once transactions of version 1 are enabled.
const VALUE_VERSION: i16 = 1;

/// A record of `__transaction_state`. No value deletes the id.
#[derive(Clone, Debug, PartialEq)]
pub struct TransactionRecord {
    pub transactional_id: String,
    pub value: Option<TransactionLogValue>,
}

impl TransactionRecord {
    /// Key and value as Kafka 4.3 writes them.
    ///
    /// # Errors
    /// The id is longer than a plain schema can hold.
    pub fn encode(&self) -> Result<EncodedRecord, EncodeError> {
        let key = TransactionLogKey { transactional_id: self.transactional_id.clone() };
        let key = encode(TRANSACTION_KIND, 0, &key)?;
        let value = self.value.as_ref().map(|value| encode(VALUE_VERSION, VALUE_VERSION, value));
        Ok(EncodedRecord { key, value: value.transpose()? })
    }

    /// Reads a record. `None` for kinds that are not known.
    ///
    /// # Errors
    /// Bytes that are not what the schemas say, or a version above those known.
    pub fn decode(key: &Bytes, value: Option<&Bytes>) -> Result<Option<Self>, RecordDecodeError> {
        let (kind, input) = key_kind(key)?;
        if kind != TRANSACTION_KIND {
            return Ok(None);
        }
        let TransactionLogKey { transactional_id } = decode_key(input)?;
        Ok(Some(Self { transactional_id, value: decode_value(value)? }))
    }
}
