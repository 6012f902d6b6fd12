//! `strait bench replicate` on real brokers gives sane figures as JSON.

use std::process::Command;

use serde_json::Value;
use strait_cluster_tests::binary;
use strait_cluster_tests::world::{self, World};

const RECORDS: u64 = 20_000;

#[test]
fn copiers_are_measured() {
    let Some(_world) = World::enter("copiers_are_measured") else { return };
    let output = Command::new(binary::path())
        .args(["bench", "replicate", "--copiers", "strait,floor", "--rounds", "1", "--output", "json"])
        .args(["--partitions", "3", "--records", &RECORDS.to_string()])
        .arg("--peers")
        .arg(world::repository().join("tests/peers/kafka"))
        .output()
        .expect("strait runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["source"]["records"], RECORDS, "{report:#}");
    let runs = report["runs"].as_array().expect("runs");
    let copiers: Vec<_> = runs.iter().map(|run| &run["copier"]).collect();
    assert_eq!(copiers, ["strait", "floor"]);
    for run in runs {
        assert_eq!(run["target"]["records"], RECORDS, "{run:#}");
        for figure in ["records_per_second", "first_record_seconds", "copy_seconds", "peak_resident_bytes"] {
            assert!(run[figure].as_f64().is_some_and(|figure| figure > 0.0), "{figure} of {run:#}");
        }
        assert!(run["cpu_seconds_per_gib"].as_f64().is_some_and(|figure| figure >= 0.0), "{run:#}");
    }
    assert_eq!(report["medians"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["ratios"][0]["reference"], "floor");
}
