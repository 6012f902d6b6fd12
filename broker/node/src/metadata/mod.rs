//! The metadata of the cluster: a log of records, `__cluster_metadata-0`, read again at each start.
//! Every change is flushed before it is answered.

// What can change.
mod record;
mod record_fields;
// The log on disk.
mod log;
// Users of SCRAM.
mod scram;
// All changes together.
mod image;

pub(crate) use image::{
    BROKER_RESOURCE, CLIENT_METRICS_RESOURCE, GROUP_RESOURCE, MetadataImage, TOPIC_RESOURCE,
};
pub(crate) use log::{METADATA_LEADER_EPOCH, METADATA_TOPIC, MetadataLog};
pub(crate) use record::MetadataRecord;
pub(crate) use scram::ScramUser;

pub use log::MetadataError;
pub use record::MetadataRecordError;
