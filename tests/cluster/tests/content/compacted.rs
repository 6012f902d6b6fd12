//! Compacted topics after the cleaner: batches with holes, batches left empty, tombstones.

use std::time::Duration;

use strait_cluster_tests::bridge::Bridge;
use strait_cluster_tests::compacted::Compacted;

const CODECS: [&str; 3] = ["none", "lz4", "zstd"];
const AGE: Duration = Duration::from_secs(5 * 3_600);

pub(crate) fn keep_their_records(bridge: &Bridge) {
    for codec in CODECS {
        compacted(&format!("customers-{codec}"), codec).fill(&bridge.east).expect("filled");
    }
    for codec in CODECS {
        compacted(&format!("customers-{codec}"), codec).wait_clean(&bridge.east).expect("clean");
    }
    let mut strait = bridge.strait("compacted", "customers-.*", "");
    for codec in CODECS {
        bridge.assert_copied(&mut strait, &format!("customers-{codec}"));
    }
}

fn compacted<'a>(topic: &'a str, codec: &'a str) -> Compacted<'a> {
    Compacted { topic, codec, keys: 2_000, age: AGE }
}
