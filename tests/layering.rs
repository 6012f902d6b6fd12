//! Who may use whom. What is not listed here is not allowed.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// Each crate of ours and those of ours that it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("strait", &["strait-broker", "strait-replicator", "strait-bench", "strait-client"]),
    ("strait-wire-derive", &[]),
    ("strait-wire", &["strait-wire-derive"]),
    ("strait-client", &["strait-wire"]),
    ("strait-http", &[]),
    ("strait-broker-core", &["strait-wire", "strait-wire-derive"]),
    ("strait-broker-log", &["strait-wire"]),
    (
        "strait-broker",
        &["strait-broker-core", "strait-broker-log", "strait-client", "strait-wire", "strait-http"],
    ),
    ("strait-replicator-core", &["strait-wire"]),
    ("strait-replicator", &["strait-replicator-core", "strait-client", "strait-wire", "strait-http"]),
    ("strait-bench", &["strait-client", "strait-replicator-core", "strait-wire"]),
    ("strait-cluster-tests", &[]),
];

/// Packages of others that only some of our crates may use.
const RESERVED: &[(&str, &[&str])] = &[
    ("axum", &["strait-http", "strait-replicator"]),
    ("prometheus", &["strait-http", "strait-replicator", "strait-broker"]),
    ("sled", &["strait-replicator"]),
    ("clap", &["strait"]),
    ("config", &["strait"]),
];

/// What a crate without I/O must not use.
const IMPURE: &[&str] = &["tokio", "socket2", "rand", "getrandom", "futures-util", "tracing"];
const PURE_CRATES: &[&str] =
    &["strait-wire", "strait-wire-derive", "strait-broker-core", "strait-replicator-core"];

fn workspace() -> Vec<Package> {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata");
    metadata.packages
}

fn uses(package: &Package) -> BTreeSet<&str> {
    let dependencies = package.dependencies.iter();
    dependencies
        .filter(|used| used.kind != DependencyKind::Development)
        .map(|used| used.name.as_str())
        .collect()
}

#[test]
fn crates_use_only_what_they_may() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for package in workspace() {
        let name = package.name.as_str();
        let allowed = arrows.get(name).unwrap_or_else(|| panic!("{name} is not on the map"));
        for used in uses(&package).into_iter().filter(|used| arrows.contains_key(used)) {
            assert!(allowed.contains(&used), "{name} must not use {used}");
        }
    }
}

#[test]
fn packages_stay_in_their_rooms() {
    for package in workspace() {
        let (name, used) = (package.name.as_str(), uses(&package));
        for (reserved, rooms) in RESERVED {
            assert!(!used.contains(reserved) || rooms.contains(&name), "{name} must not use {reserved}");
        }
    }
}

#[test]
fn pure_crates_perform_no_io() {
    for package in workspace().iter().filter(|package| PURE_CRATES.contains(&package.name.as_str())) {
        for used in uses(package) {
            assert!(!IMPURE.contains(&used), "{} must not use {used}", package.name);
        }
    }
}
