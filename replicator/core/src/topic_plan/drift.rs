//! Where the settings of a remote topic are not its source's, also where they need not be.

use std::collections::BTreeMap;

use super::{ConfigEntry, ConfigOrigin, ConfigRules};

/// A setting that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigDrift {
    pub name: String,
    /// What the source topic has, set or by default.
    pub source: Option<String>,
    /// What the remote topic has, set or by default; none where the target does not know the setting.
    pub target: Option<String>,
    pub kind: DriftKind,
}

/// Why it differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriftKind {
    /// It is to be brought in line.
    Unsettled,
    /// It is left alone by rule.
    Excluded,
    /// The target does not know it.
    UnknownAtTarget,
}

impl ConfigRules {
    /// What differs at an existing remote topic, in the order of names.
    pub fn drift(&self, source: &[ConfigEntry], target: &[ConfigEntry]) -> Vec<ConfigDrift> {
        let target: BTreeMap<&str, &ConfigEntry> =
            target.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        let mut drift: Vec<ConfigDrift> = source
            .iter()
            .filter_map(|entry| {
                let at_target = target.get(entry.name.as_str()).copied();
                let kind = self.kind_of(entry, at_target)?;
                Some(ConfigDrift {
                    name: entry.name.clone(),
                    source: entry.value.clone(),
                    target: at_target.and_then(|entry| entry.value.clone()),
                    kind,
                })
            })
            .collect();
        drift.sort_by(|one, other| one.name.cmp(&other.name));
        drift
    }

    fn kind_of(&self, source: &ConfigEntry, target: Option<&ConfigEntry>) -> Option<DriftKind> {
        let is_set = |entry: &ConfigEntry| entry.origin == ConfigOrigin::Topic;
        let Some(target) = target else {
            return is_set(source).then_some(DriftKind::UnknownAtTarget);
        };
        if self.is_taken_over(source) {
            return self.change(source, Some(target)).map(|_| DriftKind::Unsettled);
        }
        let differs = source.value != target.value && (is_set(source) || is_set(target));
        (differs && self.is_excluded(&source.name)).then_some(DriftKind::Excluded)
    }
}
