//! Settings of this broker, changed while it runs: kept by name, taken at once by all topics that follow them.

use std::sync::{Arc, PoisonError};

use super::{ChangeError, Controller};
use crate::metadata::{BROKER_RESOURCE, MetadataImage};
use crate::settings::DynamicConfigs;

/// What the metadata says for this broker.
pub(super) fn dynamic_configs(image: &MetadataImage, node_id: i32) -> Arc<DynamicConfigs> {
    Arc::new(DynamicConfigs {
        own: image.configs(BROKER_RESOURCE, &node_id.to_string()),
        cluster: image.configs(BROKER_RESOURCE, ""),
    })
}

impl Controller {
    /// A name of a broker in a request: this one, or empty for all.
    pub(crate) fn check_broker(&self, name: &str) -> Result<(), ChangeError> {
        let node_id = self.settings.node_id();
        if name.is_empty() || name == node_id.to_string() {
            return Ok(());
        }
        let reason = format!("Unexpected broker id, expected {node_id} or empty string, but received {name}");
        Err(ChangeError::InvalidRequest { reason })
    }

    /// Takes the settings that the metadata has.
    pub(super) fn configure_broker(&self, image: &MetadataImage) {
        let dynamic = dynamic_configs(image, self.settings.node_id());
        *self.dynamic.write().unwrap_or_else(PoisonError::into_inner) = dynamic;
        for topic in self.topics.all() {
            let rules = self.rules(&topic.configs);
            topic.partitions.iter().for_each(|partition| partition.set_rules(&rules));
        }
    }
}
