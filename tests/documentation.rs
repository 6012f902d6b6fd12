//! What is drawn and what is written names things that are there.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

fn metric_names(text: &str) -> BTreeSet<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| word.starts_with("strait_flow_") || word.starts_with("strait_partition_"))
        .collect()
}

#[test]
fn every_metric_is_in_code_documentation_and_dashboard() {
    let code = metric_names(include_str!("../replicator/daemon/src/metrics.rs"));
    let documented = metric_names(include_str!("../docs/metrics.md"));
    let drawn = metric_names(include_str!("../grafana/dashboards/strait.json"));
    assert_eq!(code, documented);
    assert!(drawn.is_subset(&documented), "{:?}", drawn.difference(&documented));
}

/// The names of functions in all files of Rust below a folder.
fn add_functions(folder: &Path, names: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            add_functions(&path, names)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)?;
            let behind = text.split("fn ").skip(1);
            names.extend(behind.filter_map(|rest| rest.split('(').next()).map(str::to_owned));
        }
    }
    Ok(())
}

#[test]
fn tests_that_stand_for_those_of_mirror_maker_2_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut functions = BTreeSet::new();
    for folder in ["kafka", "replicator", "src", "tests"] {
        add_functions(&root.join(folder), &mut functions).expect("files of Rust");
    }
    let text = include_str!("../docs/mirror-maker-2-tests.md");
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| MirrorMaker"));
    for row in rows {
        let ours = row.split(" | ").nth(1).expect("two columns");
        let names: Vec<&str> = ours.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty() || ours.starts_with("none: "), "neither a test nor a reason: {row}");
        for name in names.into_iter().filter(|_| !ours.starts_with("none: ")) {
            assert!(functions.contains(name), "no test `{name}`: {row}");
        }
    }
}
