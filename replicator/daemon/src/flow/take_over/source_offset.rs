//! Positions as Kafka Connect stores them for MirrorMaker 2's source connector: JSON in a compacted topic
//! (`mm2-offsets.<source>.internal` of the dedicated mode, `offset.storage.topic` of a Connect cluster). The key is
//! `["CONNECTOR",{"cluster":"A","partition":0,"topic":"t"}]`, the value `{"offset":N}` with the last copied offset.

use serde_json::Value;

/// How far MirrorMaker 2 has copied a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourceOffset {
    /// The connector's name; that of its class in the dedicated mode.
    pub(super) connector: String,
    /// The source's alias.
    pub(super) cluster: String,
    pub(super) topic: String,
    pub(super) partition: i32,
    /// The last offset that was copied; `None` where it was removed.
    pub(super) last_copied: Option<i64>,
}

/// Why a record is no position.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceOffsetError {
    #[error("the key is no JSON: {0}")]
    Key(serde_json::Error),
    #[error("the value is no JSON: {0}")]
    Value(serde_json::Error),
    #[error("the key is not [CONNECTOR, PARTITION]")]
    KeyForm,
    #[error("the value has no whole number `offset`")]
    ValueForm,
}

impl SourceOffset {
    /// Reads a record; `None` for what other connectors store, as those of checkpoints and heartbeats.
    pub(super) fn decode(key: &[u8], value: Option<&[u8]>) -> Result<Option<Self>, SourceOffsetError> {
        let key: Value = serde_json::from_slice(key).map_err(SourceOffsetError::Key)?;
        let Some([Value::String(connector), Value::Object(place)]) = key.as_array().map(Vec::as_slice) else {
            return Err(SourceOffsetError::KeyForm);
        };
        let text = |name: &str| place.get(name).and_then(Value::as_str).map(str::to_owned);
        let partition = place.get("partition").and_then(Value::as_i64);
        let partition = partition.and_then(|partition| i32::try_from(partition).ok());
        let (Some(cluster), Some(topic), Some(partition), None) =
            (text("cluster"), text("topic"), partition, place.get("group"))
        else {
            return Ok(None);
        };
        let last_copied = match value {
            None => None,
            Some(value) => {
                let value: Value = serde_json::from_slice(value).map_err(SourceOffsetError::Value)?;
                match &value["offset"] {
                    _ if value.is_null() => None,
                    offset => Some(offset.as_i64().ok_or(SourceOffsetError::ValueForm)?),
                }
            }
        };
        Ok(Some(Self { connector: connector.clone(), cluster, topic, partition, last_copied }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(key: &str, value: Option<&str>) -> Result<Option<SourceOffset>, SourceOffsetError> {
        SourceOffset::decode(key.as_bytes(), value.map(str::as_bytes))
    }

    /// Bytes of MirrorMaker 2 4.3.1.
    #[test]
    fn positions_are_read() {
        let key = r#"["MirrorSourceConnector",{"cluster":"east","partition":1,"topic":"orders"}]"#;
        let position = |last_copied| SourceOffset {
            connector: "MirrorSourceConnector".to_owned(),
            cluster: "east".to_owned(),
            topic: "orders".to_owned(),
            partition: 1,
            last_copied,
        };
        for (value, last_copied) in [(Some(r#"{"offset":99}"#), Some(99)), (Some("null"), None), (None, None)]
        {
            assert_eq!(decode(key, value).expect("a position"), Some(position(last_copied)));
        }
    }

    #[test]
    fn what_other_connectors_store_is_passed_over() {
        for key in [
            r#"["MirrorHeartbeatConnector",{"sourceClusterAlias":"a","targetClusterAlias":"b"}]"#,
            r#"["MirrorCheckpointConnector",{"group":"g","partition":0,"topic":"t"}]"#,
            r#"["MirrorCheckpointConnector",{"cluster":"a","group":"g","partition":0,"topic":"t"}]"#,
            r#"["file-source",{"filename":"x"}]"#,
        ] {
            assert_eq!(decode(key, Some(r#"{"offset":0}"#)).expect("of another connector"), None, "{key}");
        }
    }

    #[test]
    fn what_is_no_position_is_an_error() {
        let key = r#"["c",{"cluster":"a","partition":0,"topic":"t"}]"#;
        for (key, value) in [
            ("", "{}"),
            ("{}", "{}"),
            (r#"["c"]"#, "{}"),
            (key, ""),
            (key, "{}"),
            (key, r#"{"offset":"9"}"#),
            (key, r#"{"offset":1.5}"#),
        ] {
            assert!(decode(key, Some(value)).is_err(), "{key} {value}");
        }
    }
}
