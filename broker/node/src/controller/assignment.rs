//! Replicas that a client chose itself (`ReplicationControlManager.validateManualPartitionAssignment`).

use super::ChangeError;

/// Whether a partition can have these replicas where `node_id` is the only broker.
///
/// # Errors
/// `INVALID_REPLICA_ASSIGNMENT`, in Kafka's words and in its order.
pub(crate) fn check_replicas(replicas: &[i32], node_id: i32) -> Result<(), ChangeError> {
    let refused = |what: String| {
        let reason = format!("The manual partition assignment includes {what}");
        Err(ChangeError::InvalidReplicaAssignment { reason })
    };
    let mut sorted = replicas.to_vec();
    sorted.sort_unstable();
    match sorted.as_slice() {
        [] => refused("an empty replica list.".to_owned()),
        [own] if *own == node_id => Ok(()),
        [own, other, ..] if *own == node_id && *other == node_id => {
            refused(format!("the broker {node_id} more than once."))
        }
        [own, other, ..] if *own == node_id => {
            refused(format!("broker {other}, but no such broker is registered."))
        }
        [other, ..] => refused(format!("broker {other}, but no such broker is registered.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_broker_can_have_a_replica() {
        let refused = |replicas: &[i32]| check_replicas(replicas, 1).expect_err("refused").to_string();
        assert!(check_replicas(&[1], 1).is_ok());
        assert!(refused(&[]).ends_with("an empty replica list."));
        assert!(refused(&[1, 1]).ends_with("the broker 1 more than once."));
        for (replicas, unknown) in [(&[2][..], 2), (&[2, 1], 2), (&[0, 1], 0), (&[3, 2], 2)] {
            let expected = format!("broker {unknown}, but no such broker is registered.");
            assert!(refused(replicas).ends_with(&expected), "{replicas:?}");
        }
    }
}
