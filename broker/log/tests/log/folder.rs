//! The data folder: checkpoints, the mark of a clean stop, deleted partitions.

use std::fs;
use std::sync::Arc;

use strait_broker_log::{DataFolder, DiskStore, LogConfig, PartitionLog, PartitionOffset};
use strait_wire::ids::Uuid;
use tempfile::TempDir;

use super::support::{NOW_MS, appended, values};

fn data(folder: &TempDir) -> DataFolder {
    DataFolder::open(Arc::new(DiskStore), folder.path()).expect("the data folder opens")
}

fn log(data: &DataFolder) -> PartitionLog {
    data.open_log(("orders", 3), LogConfig::default(), NOW_MS, &mut |_| {}).expect("the log opens")
}

fn offset(offset: i64) -> [PartitionOffset; 1] {
    [PartitionOffset { topic: "orders".to_owned(), partition: 3, offset }]
}

#[test]
fn a_clean_stop_is_believed_once() {
    let folder = TempDir::new().expect("a temporary folder");
    let first = data(&folder);
    assert!(!first.is_clean());
    let mut orders = log(&first);
    appended(&mut orders, &["a", "b", "c"]);
    orders.delete_until(2).expect("deleted");
    orders.close().expect("closed");
    first.write_recovery_points(&offset(orders.recovery_point())).expect("written");
    first.write_log_starts(&offset(orders.checkpointed_start().expect("inside a segment"))).expect("written");
    first.write_high_watermarks(&offset(3)).expect("written");
    first.mark_clean(17).expect("marked");
    assert_eq!(
        fs::read_to_string(folder.path().join("recovery-point-offset-checkpoint")).expect("there"),
        "0\n1\norders 3 3\n"
    );

    let second = data(&folder);
    assert!(second.is_clean());
    assert_eq!(second.broker_epoch(), Some(17));
    assert_eq!(second.high_watermark("orders", 3), Some(3));
    assert_eq!(second.high_watermark("orders", 4), None);
    assert_eq!(second.partitions().expect("listed"), [("orders".to_owned(), 3)]);
    let orders = log(&second);
    assert_eq!((orders.start_offset(), orders.end_offset(), orders.recovery_point()), (2, 3, 3));
    assert_eq!(values(&orders, 2), ["c"]);
    assert!(!data(&folder).is_clean());
}

#[test]
fn a_damaged_checkpoint_only_costs_a_recovery() {
    let folder = TempDir::new().expect("a temporary folder");
    appended(&mut log(&data(&folder)), &["a"]);
    for text in ["0\n2\norders 3 1\n", "1\n0\n", "", "0\n1\norders three 1\n"] {
        fs::write(folder.path().join("recovery-point-offset-checkpoint"), text).expect("written");
        let orders = log(&data(&folder));
        assert_eq!((orders.end_offset(), orders.recovery_point()), (1, 0), "{text:?}");
    }
}

#[test]
fn a_deleted_partition_makes_room_for_its_successor() {
    let folder = TempDir::new().expect("a temporary folder");
    let data = data(&folder);
    let mut orders = log(&data);
    let id = Uuid([7; 16]);
    assert_eq!(orders.topic_id().expect("read"), None);
    orders.set_topic_id(id).expect("written");
    assert_eq!(orders.topic_id().expect("read"), Some(id));
    appended(&mut orders, &["a"]);
    let deleted = orders.rename_for_deletion("orders", 3, Uuid([1; 16])).expect("renamed");
    assert_eq!(data.deleted_partitions().expect("listed"), std::slice::from_ref(&deleted));
    assert_eq!(log(&data).end_offset(), 0);
    data.remove_deleted(&deleted).expect("removed");
    assert!(!deleted.exists());
}
