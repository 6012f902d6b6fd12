//! Names of files and folders (`LogFileUtils`, `LocalLog`).

use std::path::{Path, PathBuf};

use strait_wire::ids::Uuid;

pub(crate) const LOG: &str = "log";
pub(crate) const INDEX: &str = "index";
pub(crate) const TIME_INDEX: &str = "timeindex";
pub(crate) const TXN_INDEX: &str = "txnindex";
pub(crate) const SNAPSHOT: &str = "snapshot";
pub(crate) const DELETED: &str = ".deleted";
pub(crate) const CLEANED: &str = ".cleaned";
pub(crate) const SWAP: &str = ".swap";
/// Batches that a recovery could not leave in the log.
pub(crate) const ASIDE: &str = "aside";
pub(crate) const LEADER_EPOCHS: &str = "leader-epoch-checkpoint";
pub(crate) const PARTITION_METADATA: &str = "partition.metadata";
pub(crate) const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
pub(crate) const LOG_STARTS: &str = "log-start-offset-checkpoint";
pub(crate) const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";
pub(crate) const CLEANER_OFFSETS: &str = "cleaner-offset-checkpoint";
pub(crate) const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";

/// End of the name of a partition folder that waits for its removal.
const DELETE: &str = "-delete";
/// Longest name of a file in common file systems.
const LONGEST_NAME: usize = 255;

/// `<20 digits>.<extension>` in `folder`.
pub(crate) fn offset_file(folder: &Path, offset: i64, extension: &str) -> PathBuf {
    folder.join(format!("{offset:020}.{extension}"))
}

/// The offset and what follows the first dot, for a name that begins with an offset.
pub(crate) fn parse_offset_file(name: &str) -> Option<(i64, &str)> {
    let (digits, extension) = name.split_once('.')?;
    let is_offset = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let offset = digits.parse().ok().filter(|_| is_offset)?;
    Some((offset, extension))
}

/// `<topic>-<partition>`.
pub fn partition_folder(topic: &str, partition: i32) -> String {
    format!("{topic}-{partition}")
}

/// Topic and partition of a folder; none for folders of another kind, such as those to be deleted.
pub fn parse_partition_folder(name: &str) -> Option<(&str, i32)> {
    let (topic, partition) = name.rsplit_once('-')?;
    let is_number = !partition.is_empty() && partition.bytes().all(|byte| byte.is_ascii_digit());
    let partition = partition.parse().ok().filter(|_| is_number && !topic.is_empty())?;
    Some((topic, partition))
}

/// `<topic>-<partition>.<unique id>-delete`, with the topic cut where the name would get too long.
pub fn deleted_partition_folder(topic: &str, partition: i32, unique: Uuid) -> String {
    let hex: String = unique.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let suffix = format!("-{partition}.{hex}{DELETE}");
    let topic = topic.get(..LONGEST_NAME.saturating_sub(suffix.len())).unwrap_or(topic);
    format!("{topic}{suffix}")
}

/// Whether a folder is a partition that waits for its removal.
pub fn is_deleted_partition_folder(name: &str) -> bool {
    name.ends_with(DELETE) && name.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_have_twenty_digits() {
        let path = offset_file(Path::new("/data/orders-0"), 4_711, LOG);
        assert_eq!(path, Path::new("/data/orders-0/00000000000000004711.log"));
        assert_eq!(parse_offset_file("00000000000000004711.log"), Some((4_711, "log")));
        assert_eq!(parse_offset_file("00000000000000004711.log.deleted"), Some((4_711, "log.deleted")));
        assert_eq!(parse_offset_file("99999999999999999999.log"), None);
        for name in ["4711.log", "0000000000000000471x.log", "leader-epoch-checkpoint", ""] {
            assert_eq!(parse_offset_file(name), None, "{name}");
        }
    }

    #[test]
    fn folders_of_partitions() {
        assert_eq!(parse_partition_folder("a-b-12"), Some(("a-b", 12)));
        assert_eq!(parse_partition_folder("__consumer_offsets-0"), Some(("__consumer_offsets", 0)));
        let deleted = deleted_partition_folder("orders", 1, Uuid([0xab; 16]));
        assert_eq!(deleted, format!("orders-1.{}-delete", "ab".repeat(16)));
        assert!(is_deleted_partition_folder(&deleted));
        for name in ["orders", "-1", "orders-", "orders--1x", "orders-+1", &deleted] {
            assert_eq!(parse_partition_folder(name), None, "{name}");
        }
        assert_eq!(deleted_partition_folder(&"t".repeat(249), 1, Uuid::ZERO).len(), LONGEST_NAME);
    }
}
