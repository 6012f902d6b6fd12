//! What is drawn and what is written about metrics names the same things.

use std::collections::BTreeSet;

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
