//! Groups, as REST and CLI show them.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use strait_replicator_core::group::GroupState;

/// One group of the source.
#[derive(Clone, Debug, Serialize)]
pub struct GroupStatus {
    pub id: String,
    #[serde(serialize_with = "as_name")]
    pub state: GroupState,
    /// Why it is in this state; empty when nothing is to be said.
    pub reason: String,
    /// Nobody was ever a member: another program, such as Flink or Spark, keeps its offsets.
    pub is_memberless: bool,
    /// When it was looked at, milliseconds since 1970.
    pub at_ms: i64,
    #[serde(skip)]
    pub partitions: Vec<GroupPartitionStatus>,
}

/// A group's place in one partition.
#[derive(Clone, Debug, Serialize)]
pub struct GroupPartitionStatus {
    #[serde(serialize_with = "as_text")]
    pub topic: Arc<str>,
    pub partition: i32,
    #[serde(serialize_with = "as_text")]
    pub remote_topic: Arc<str>,
    /// What the group committed at the source: next to read.
    pub source_offset: i64,
    /// The same place at the target, where it is known.
    pub target_offset: Option<i64>,
    /// `exact`, or why it is not.
    pub translation: &'static str,
    /// What becomes of it at the target; nothing where that was not looked at.
    pub sync: Option<&'static str>,
}

fn as_text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn as_name<S: Serializer>(state: &GroupState, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}
