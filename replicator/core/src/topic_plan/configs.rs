//! Which settings of a source topic its remote topic takes over: MirrorMaker 2's rule, but only what differs is written.

use std::collections::BTreeMap;

use fancy_regex::Regex;

use super::{ConfigChange, ConfigEntry, ConfigOrigin};
use crate::selection::{PatternError, full_match};

/// MirrorMaker 2's `config.properties.exclude`.
pub const DEFAULT_CONFIG_EXCLUDES: [&str; 6] = [
    r"follower\.replication\.throttled\.replicas",
    r"leader\.replication\.throttled\.replicas",
    r"message\.timestamp\.difference\.max\.ms",
    r"message\.timestamp\.type",
    r"unclean\.leader\.election\.enable",
    r"min\.insync\.replicas",
];

/// Whose default counts where the source topic does not set a value (`use.defaults.from`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultsFrom {
    #[default]
    Target,
    Source,
}

/// What is taken over.
#[derive(Clone, Debug)]
pub struct ConfigRules {
    exclude: Vec<Regex>,
    defaults_from: DefaultsFrom,
}

impl ConfigRules {
    /// `exclude` takes the place of `DEFAULT_CONFIG_EXCLUDES`.
    pub fn new(exclude: &[String], defaults_from: DefaultsFrom) -> Result<Self, PatternError> {
        let exclude = exclude.iter().map(|pattern| full_match(pattern.trim())).collect::<Result<_, _>>()?;
        Ok(Self { exclude, defaults_from })
    }

    /// MirrorMaker 2's defaults.
    pub fn mirror_maker_default() -> Self {
        Self::new(&DEFAULT_CONFIG_EXCLUDES.map(str::to_owned), DefaultsFrom::Target)
            .expect("the defaults are regular expressions")
    }

    /// The settings of a new remote topic.
    pub(super) fn at_creation(&self, source: &[ConfigEntry]) -> BTreeMap<String, String> {
        self.taken_over(source)
            .filter(|entry| !self.is_left_to_target(entry))
            .filter_map(|entry| Some((entry.name.clone(), entry.value.clone()?)))
            .collect()
    }

    /// What differs at an existing remote topic. Settings that the source does not list stay.
    pub(super) fn changes(
        &self,
        source: &[ConfigEntry],
        target: &[ConfigEntry],
    ) -> BTreeMap<String, ConfigChange> {
        let target: BTreeMap<&str, &ConfigEntry> =
            target.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        self.taken_over(source)
            .filter_map(|entry| {
                let change = self.change(entry, target.get(entry.name.as_str()).copied())?;
                Some((entry.name.clone(), change))
            })
            .collect()
    }

    pub(super) fn change(&self, source: &ConfigEntry, target: Option<&ConfigEntry>) -> Option<ConfigChange> {
        let set_at_target = target.is_some_and(|target| target.origin == ConfigOrigin::Topic);
        if self.is_left_to_target(source) {
            return set_at_target.then_some(ConfigChange::Delete);
        }
        let value = source.value.clone()?;
        let same = target.is_some_and(|target| target.value.as_ref() == Some(&value));
        // An equal default at the target may change one day; a value set at the source is set at the target too.
        let settled = same && (set_at_target || source.origin != ConfigOrigin::Topic);
        (!settled).then_some(ConfigChange::Set { value })
    }

    fn taken_over<'a>(&'a self, source: &'a [ConfigEntry]) -> impl Iterator<Item = &'a ConfigEntry> {
        source.iter().filter(|entry| self.is_taken_over(entry))
    }

    pub(super) fn is_taken_over(&self, source: &ConfigEntry) -> bool {
        !source.is_read_only
            && !source.is_sensitive
            && source.origin != ConfigOrigin::StaticBroker
            && !self.is_excluded(&source.name)
    }

    fn is_left_to_target(&self, source: &ConfigEntry) -> bool {
        source.origin == ConfigOrigin::Default && self.defaults_from == DefaultsFrom::Target
    }

    /// A pattern that can't be decided excludes: leaving a setting alone is the harmless side.
    pub(super) fn is_excluded(&self, name: &str) -> bool {
        self.exclude.iter().any(|pattern| pattern.is_match(name).unwrap_or(true))
    }
}
