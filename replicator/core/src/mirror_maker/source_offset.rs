//! Positions as MirrorMaker 2's source connector keeps them with Kafka Connect: what a record of them holds.
//!
//! Connect looks a position up by the bytes of its key, which it writes again for each look: another spelling of the
//! same JSON would not be found. The order of the names is that of a `HashMap` of Java (`MirrorUtils.wrapPartition`).

use std::fmt::Write as _;

use bytes::Bytes;

/// The connector's name in MirrorMaker 2's dedicated mode: that of its class.
pub const DEDICATED_CONNECTOR: &str = "MirrorSourceConnector";

/// A partition of the source as a connector names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourcePartition<'a> {
    pub connector: &'a str,
    /// The source's alias.
    pub cluster: &'a str,
    pub topic: &'a str,
    pub partition: i32,
}

impl SourcePartition<'_> {
    /// The key: `["CONNECTOR",{"cluster":"A","partition":0,"topic":"t"}]`.
    pub fn key(&self) -> Bytes {
        let mut key = String::from("[");
        put_text(&mut key, self.connector);
        key.push_str(",{\"cluster\":");
        put_text(&mut key, self.cluster);
        let _ = write!(key, ",\"partition\":{},\"topic\":", self.partition);
        put_text(&mut key, self.topic);
        key.push_str("}]");
        Bytes::from(key)
    }
}

/// The value behind which a connector goes on at `next_offset`: it stores the last offset that it copied and seeks to the
/// one after it. Nothing, which removes a position, where it shall begin by its own settings: at the first offset.
pub fn position_value(next_offset: i64) -> Option<Bytes> {
    (next_offset > 0).then(|| Bytes::from(format!("{{\"offset\":{}}}", next_offset - 1)))
}

/// A JSON string as Jackson writes it.
fn put_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => drop(write!(out, "\\u{:04X}", u32::from(control))),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(connector: &str, cluster: &str, topic: &str, partition: i32) -> String {
        let key = SourcePartition { connector, cluster, topic, partition }.key();
        String::from_utf8(key.to_vec()).expect("UTF-8")
    }

    /// Bytes of MirrorMaker 2 4.3.1, and of Connect 4.3.1 for names that need escapes.
    #[test]
    fn keys_are_those_of_connect() {
        for (expected, connector, cluster, topic, partition) in [
            (
                r#"["MirrorSourceConnector",{"cluster":"east","partition":1,"topic":"orders"}]"#,
                DEDICATED_CONNECTOR,
                "east",
                "orders",
                1,
            ),
            (
                r#"["east->west.MirrorSourceConnector",{"cluster":"east","partition":0,"topic":"a_b.c-d"}]"#,
                "east->west.MirrorSourceConnector",
                "east",
                "a_b.c-d",
                0,
            ),
            (
                r#"["a \"b\" \\ /\t\u001F é",{"cluster":"ä","partition":2147483647,"topic":"t"}]"#,
                "a \"b\" \\ /\t\u{1f} é",
                "ä",
                "t",
                i32::MAX,
            ),
        ] {
            assert_eq!(key(connector, cluster, topic, partition), expected);
        }
    }

    #[test]
    fn a_value_is_the_last_copied_offset() {
        for (next_offset, value) in [
            (1, Some(r#"{"offset":0}"#)),
            (100, Some(r#"{"offset":99}"#)),
            (i64::MAX, Some(r#"{"offset":9223372036854775806}"#)),
            (0, None),
            (-1, None),
        ] {
            assert_eq!(position_value(next_offset).as_deref(), value.map(str::as_bytes), "{next_offset}");
        }
    }
}
