//! AlterReplicaLogDirs (34), versions 1 to 2. There is one data folder, in which every partition is already
//! (`ReplicaManager.alterReplicaLogDirs`).

use std::collections::BTreeMap;
use std::path::{Path, absolute};

use strait_broker_core::acl::Operation;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::alter_replica_log_dirs::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult, AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: AlterReplicaLogDirsRequest) -> AlterReplicaLogDirsResponse {
    let is_allowed = call.may_on_cluster(Operation::Alter);
    // A partition that comes twice goes to its last folder.
    let mut results: BTreeMap<String, BTreeMap<i32, ErrorCode>> = BTreeMap::new();
    for dir in request.dirs {
        let is_known = is_same(&dir.path, &call.node.settings.data);
        for topic in dir.topics {
            let outcome = |index| match (is_allowed, is_known) {
                (false, _) => ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
                (true, false) => ErrorCode::LOG_DIR_NOT_FOUND,
                (true, true) => present(call, &topic.name, index),
            };
            let outcomes: Vec<_> = topic.partitions.iter().map(|index| (*index, outcome(*index))).collect();
            results.entry(topic.name).or_default().extend(outcomes);
        }
    }
    let results = results.into_iter().map(|(topic_name, partitions)| {
        let partitions = partitions.into_iter().map(|(partition_index, error)| {
            AlterReplicaLogDirPartitionResult { partition_index, error_code: error.0 }
        });
        AlterReplicaLogDirTopicResult { topic_name, partitions: partitions.collect() }
    });
    AlterReplicaLogDirsResponse { results: results.collect(), ..Default::default() }
}

fn is_same(path: &str, data: &Path) -> bool {
    match (absolute(path), absolute(data)) {
        (Ok(path), Ok(data)) => path == data,
        _ => false,
    }
}

fn present(call: &Call, name: &str, index: i32) -> ErrorCode {
    match call.node.topics.by_name(name).is_some_and(|topic| topic.partition(index).is_some()) {
        true => ErrorCode::NONE,
        false => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    }
}
