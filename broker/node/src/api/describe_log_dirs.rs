//! DescribeLogDirs (35), versions 1 to 4: the one data folder. The size of its volume is not told.

use strait_broker_core::acl::Operation;
use strait_wire::error_code::ErrorCode;
use strait_wire::message::describe_log_dirs::{
    DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResponse, DescribeLogDirsResult,
    DescribeLogDirsTopic,
};

use crate::call::Call;

pub(crate) async fn handle(call: &Call, request: DescribeLogDirsRequest) -> DescribeLogDirsResponse {
    if !call.may_on_cluster(Operation::Describe) {
        let error_code = ErrorCode::CLUSTER_AUTHORIZATION_FAILED.0;
        return DescribeLogDirsResponse { error_code, ..Default::default() };
    }
    let wanted = request.topics;
    let is_wanted = |topic: &str, partition: i32| {
        wanted.as_ref().is_none_or(|topics| {
            topics.iter().any(|wanted| wanted.topic == topic && wanted.partitions.contains(&partition))
        })
    };
    let topics = call.node.topics.all().into_iter().filter_map(|topic| {
        let wanted = topic.partitions.iter().filter(|partition| is_wanted(&topic.name, partition.index));
        let partitions: Vec<_> = wanted
            .filter_map(|partition| {
                let size = partition.look(|log, _| log.size()).ok()?;
                Some(DescribeLogDirsPartition {
                    partition_index: partition.index,
                    partition_size: i64::try_from(size).unwrap_or(i64::MAX),
                    offset_lag: 0,
                    is_future_key: false,
                })
            })
            .collect();
        let name = topic.name.clone();
        (!partitions.is_empty()).then_some(DescribeLogDirsTopic { name, partitions })
    });
    let result = DescribeLogDirsResult {
        log_dir: call.node.settings.data.display().to_string(),
        topics: topics.collect(),
        ..Default::default()
    };
    DescribeLogDirsResponse { results: vec![result], ..Default::default() }
}
