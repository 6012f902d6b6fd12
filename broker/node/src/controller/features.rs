//! Levels of features (`FeatureControlManager`). Whoever asks for versions reads a copy, without waiting for changes that
//! go to disk.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use strait_broker_core::features::{ELIGIBLE_LEADER_REPLICAS, FeatureError, FeatureLevels, FeatureUpdate};

use super::{ChangeError, Controller, broker_configs, eligible_leaders};
use crate::metadata::MetadataRecord;

/// The levels in force and since when.
#[derive(Clone, Debug, Default)]
pub(crate) struct FinalizedFeatures {
    pub(crate) levels: FeatureLevels,
    /// Grows with each change: an offset of the metadata log.
    pub(crate) epoch: i64,
}

/// The same, to be read by all connections.
#[derive(Debug)]
pub(crate) struct CurrentFeatures(RwLock<FinalizedFeatures>);

impl CurrentFeatures {
    pub(super) fn new(finalized: FinalizedFeatures) -> Self {
        Self(RwLock::new(finalized))
    }

    pub(crate) fn get(&self) -> FinalizedFeatures {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, finalized: FinalizedFeatures) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = finalized;
    }
}

/// Why levels did not change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FeatureChangeError {
    #[error(transparent)]
    Refused(#[from] FeatureError),
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl Controller {
    pub(crate) fn features(&self) -> &CurrentFeatures {
        &self.features
    }

    /// Puts levels in force, all of them or none. Blocks until it is on disk.
    pub(crate) fn update_features(
        &self,
        updates: &[FeatureUpdate],
        validate_only: bool,
    ) -> Result<(), FeatureChangeError> {
        let mut state = self.state();
        // Of a feature that comes twice the last counts.
        let last: BTreeMap<&str, &FeatureUpdate> =
            updates.iter().map(|update| (update.name.as_str(), update)).collect();
        let last: Vec<FeatureUpdate> = last.into_values().cloned().collect();
        state.image.features().check(&last, self.settings.node_id())?;
        if validate_only {
            return Ok(());
        }
        let makes_eligible =
            |update: &FeatureUpdate| update.name == ELIGIBLE_LEADER_REPLICAS.name && update.level > 0;
        let mut records = match last.iter().any(makes_eligible) {
            true => eligible_leaders::safety_records(&state.image, &self.settings),
            false => Vec::new(),
        };
        let record =
            |update: FeatureUpdate| MetadataRecord::FeatureLevel { name: update.name, level: update.level };
        records.extend(last.into_iter().map(record));
        state.commit(records).map_err(ChangeError::from)?;
        broker_configs::put_in_force(&self.settings, &state.image);
        let (levels, epoch) = (state.image.features().clone(), state.log.end_offset());
        self.features.replace(FinalizedFeatures { levels, epoch });
        Ok(())
    }
}
