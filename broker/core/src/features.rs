//! Features of the cluster and the levels that are in force (KIP-584, KIP-1022, `FeatureControlManager`).

use std::collections::BTreeMap;

use strait_wire::error_code::ErrorCode;

/// A feature that this broker knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    pub name: &'static str,
    pub min_level: i16,
    pub max_level: i16,
    /// Of a new cluster.
    pub default_level: i16,
}

/// The new consumer protocol (KIP-848).
pub const GROUP_VERSION: Feature =
    Feature { name: "group.version", min_level: 0, max_level: 1, default_level: 1 };

/// Replicas that left in sync may lead again (KIP-966); all brokers agree on `min.insync.replicas` then.
pub const ELIGIBLE_LEADER_REPLICAS: Feature =
    Feature { name: "eligible.leader.replicas.version", min_level: 0, max_level: 1, default_level: 1 };

/// All of them, by name.
pub const FEATURES: &[Feature] = &[
    ELIGIBLE_LEADER_REPLICAS,
    GROUP_VERSION,
    Feature { name: "transaction.version", min_level: 0, max_level: 2, default_level: 2 },
];

/// What a level may become, as UpdateFeatures numbers it (`FeatureUpdate.UpgradeType`).
const UPGRADE: i8 = 1;
const DOWNGRADES: std::ops::RangeInclusive<i8> = 2..=3;

/// A level that a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureUpdate {
    pub name: String,
    pub level: i16,
    pub upgrade_type: i8,
}

/// A level that does not come into force, with the message that Kafka's tools show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "The update failed for all features since the following feature had an error: Invalid update version {level} for \
     feature {name}. {reason}"
)]
pub struct FeatureError {
    pub name: String,
    pub level: i16,
    pub reason: String,
}

impl FeatureError {
    /// What a client is answered.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::INVALID_UPDATE_VERSION
    }
}

/// The levels in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeatureLevels(BTreeMap<String, i16>);

impl FeatureLevels {
    /// Puts a level in force.
    pub fn set(&mut self, name: String, level: i16) {
        self.0.insert(name, level);
    }

    pub fn level(&self, feature: &Feature) -> i16 {
        self.0.get(feature.name).copied().unwrap_or(feature.default_level)
    }

    /// Whether all of these levels may come into force; `node_id` is this broker's.
    ///
    /// # Errors
    /// The first level that may not.
    pub fn check(&self, updates: &[FeatureUpdate], node_id: i32) -> Result<(), FeatureError> {
        let checked = |update: &FeatureUpdate| {
            self.reason_against(update, node_id).map_or(Ok(()), |reason| {
                Err(FeatureError { name: update.name.clone(), level: update.level, reason })
            })
        };
        updates.iter().try_for_each(checked)
    }

    fn reason_against(&self, update: &FeatureUpdate, node_id: i32) -> Option<String> {
        let FeatureUpdate { name, level, upgrade_type } = update;
        if *upgrade_type != UPGRADE && !DOWNGRADES.contains(upgrade_type) {
            return Some("The controller does not support the given upgrade type.".to_owned());
        }
        if *level < 0 {
            return Some("A feature version cannot be less than 0.".to_owned());
        }
        let Some(feature) = FEATURES.iter().find(|feature| feature.name == name) else {
            // What nobody knows is at level 0 and may stay there.
            let reason = format!("Local controller {node_id} does not support this feature.");
            return (*level > 0).then_some(reason);
        };
        let Feature { min_level, max_level, .. } = *feature;
        if !(min_level..=max_level).contains(level) {
            return Some(format!(
                "Local controller {node_id} only supports versions {min_level}-{max_level}"
            ));
        }
        match level.cmp(&self.level(feature)) {
            std::cmp::Ordering::Less if *upgrade_type == UPGRADE => Some(
                "Can't downgrade the version of this feature without setting the upgrade type to either safe or \
                 unsafe downgrade."
                    .to_owned(),
            ),
            std::cmp::Ordering::Greater if *upgrade_type != UPGRADE => {
                Some("Can't downgrade to a newer version.".to_owned())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_change_as_kafka_lets_them() {
        let mut levels = FeatureLevels::default();
        let asked = |level, upgrade_type| {
            vec![FeatureUpdate { name: "transaction.version".to_owned(), level, upgrade_type }]
        };
        let reason = |levels: &FeatureLevels, updates: Vec<FeatureUpdate>| {
            levels.check(&updates, 1).map_err(|error| error.reason)
        };
        assert_eq!(reason(&levels, asked(2, 1)), Ok(()));
        assert_eq!(reason(&levels, asked(1, 2)), Ok(()));
        assert!(
            reason(&levels, asked(1, 1)).expect_err("refused").starts_with("Can't downgrade the version")
        );
        assert_eq!(
            reason(&levels, asked(3, 1)),
            Err("Local controller 1 only supports versions 0-2".to_owned())
        );
        assert!(reason(&levels, asked(-1, 1)).is_err() && reason(&levels, asked(2, 0)).is_err());
        levels.set("transaction.version".to_owned(), 1);
        assert_eq!(reason(&levels, asked(2, 3)), Err("Can't downgrade to a newer version.".to_owned()));
        let unknown = vec![FeatureUpdate { name: "x".to_owned(), level: 1, upgrade_type: 1 }];
        let told = levels.check(&unknown, 1).expect_err("refused").to_string();
        assert_eq!(
            told,
            "The update failed for all features since the following feature had an error: Invalid update version 1 \
             for feature x. Local controller 1 does not support this feature."
        );
    }

    #[test]
    fn a_new_cluster_can_have_its_levels() {
        assert!(FEATURES.is_sorted_by(|one, other| one.name < other.name));
        assert!(
            FEATURES
                .iter()
                .all(|feature| { (feature.min_level..=feature.max_level).contains(&feature.default_level) })
        );
    }
}
