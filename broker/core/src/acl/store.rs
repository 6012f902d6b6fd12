//! All rules, by the resources that they name.

use std::collections::{BTreeMap, BTreeSet};

use super::binding::{AclBinding, AclFilter, WILDCARD};
use super::kinds::{PatternType, ResourceType};

/// The rules of one type of resource, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Patterns {
    pub(super) literal: BTreeMap<String, BTreeSet<AclBinding>>,
    pub(super) prefixed: BTreeMap<String, BTreeSet<AclBinding>>,
}

/// All rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acls(pub(super) BTreeMap<ResourceType, Patterns>);

impl Acls {
    fn names(&mut self, binding: &AclBinding) -> &mut BTreeMap<String, BTreeSet<AclBinding>> {
        let patterns = self.0.entry(binding.resource_type).or_default();
        match binding.pattern_type {
            PatternType::Literal => &mut patterns.literal,
            PatternType::Prefixed => &mut patterns.prefixed,
        }
    }

    /// Adds a rule; one that is there stays.
    pub fn add(&mut self, binding: AclBinding) {
        self.names(&binding).entry(binding.resource_name.clone()).or_default().insert(binding);
    }

    /// Removes a rule.
    pub fn remove(&mut self, binding: &AclBinding) {
        let names = self.names(binding);
        if let Some(bindings) = names.get_mut(&binding.resource_name) {
            bindings.remove(binding);
            if bindings.is_empty() {
                names.remove(&binding.resource_name);
            }
        }
    }

    /// The rules that a filter finds.
    pub fn find(&self, filter: &AclFilter) -> Vec<AclBinding> {
        self.iter().filter(|binding| filter.matches(binding)).cloned().collect()
    }

    pub fn iter(&self) -> impl Iterator<Item = &AclBinding> {
        let names =
            self.0.values().flat_map(|patterns| patterns.literal.values().chain(patterns.prefixed.values()));
        names.flatten()
    }

    /// The rules about a resource: of its name, of its prefixes, of all.
    pub(super) fn about<'a>(
        &'a self,
        kind: ResourceType,
        name: &'a str,
    ) -> impl Iterator<Item = &'a AclBinding> {
        let patterns = self.0.get(&kind);
        let literal = [name, WILDCARD].into_iter().take(if name == WILDCARD { 1 } else { 2 });
        let literal = literal.filter_map(move |name| patterns?.literal.get(name));
        // Without prefixed rules no prefix has to be looked up.
        let prefixed = patterns.filter(|patterns| !patterns.prefixed.is_empty());
        let ends = name.char_indices().map(|(at, character)| at + character.len_utf8());
        let prefixed = ends.filter_map(move |end| prefixed?.prefixed.get(&name[..end]));
        literal.chain(prefixed).flatten()
    }
}
