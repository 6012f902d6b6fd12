//! Apache Kafka's own tools and files: DumpLogSegments reads ours, and we open what a stopped Kafka left.
//! Needs STRAIT_KAFKA_LIBS, the folder that tests/peers/kafka puts its jars in.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use strait_broker_log::{DataFolder, DiskStore, LogConfig, PartitionLog, ProducerSnapshotEntry, Recovered};
use strait_wire::batch::Compression;
use tempfile::TempDir;

use super::cleaning::{DAY_MS, compacted};
use super::support::{Folder, NOW_MS, append, compressed, offsets, records};
use super::transactions::filled;

fn libraries(left_out: &str) -> Option<PathBuf> {
    if let Some(libraries) = std::env::var_os("STRAIT_KAFKA_LIBS") {
        return Some(libraries.into());
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "STRAIT_KAFKA_LIBS is not set");
    // Not by eprintln, which the test harness keeps to itself.
    let line = format!("*** LEFT OUT: {left_out}: STRAIT_KAFKA_LIBS is not set\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr");
    None
}

/// Releases whose tools read our files, with the class of DumpLogSegments.
const RELEASES: [(&str, &str); 2] =
    [("4.3.1", "org.apache.kafka.tools.DumpLogSegments"), ("3.9.2", "kafka.tools.DumpLogSegments")];

/// Runs tests/peers/kafka with the newest release; gives what it printed.
fn kafka(libraries: &Path, state: &Path, arguments: &[&str]) -> String {
    kafka_of(RELEASES[0].0, libraries, state, arguments)
}

fn kafka_of(release: &str, libraries: &Path, state: &Path, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/kafka");
    let output = Command::new(script)
        .args(arguments)
        .env("VERSION", release)
        .env("STRAIT_KAFKA_LIBS", libraries)
        .env("STRAIT_PEERS", state)
        .output()
        .expect("tests/peers/kafka runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {printed}\n{errors}");
    printed
}

/// DumpLogSegments of each release on these files; none finds anything wrong, and all read the same.
fn dump(libraries: &Path, files: &[PathBuf]) -> String {
    let [newest, older] = RELEASES.map(|release| dump_with(release, libraries, files));
    assert_eq!(newest, older);
    newest
}

fn dump_with((release, class): (&str, &str), libraries: &Path, files: &[PathBuf]) -> String {
    let state = TempDir::new().expect("a temporary folder");
    let files: Vec<_> = files.iter().map(|file| file.to_str().expect("a path")).collect();
    let files = files.join(",");
    let arguments = ["tool", class, "--deep-iteration", "--files", &files];
    let dumped = kafka_of(release, libraries, state.path(), &arguments);
    for trouble in
        ["Mismatches", "Found timestamp mismatch", "Found out of order", "isvalid: false", "corrupt"]
    {
        assert!(!dumped.contains(trouble), "{dumped}");
    }
    dumped
}

#[test]
fn kafka_dumps_our_files() {
    let Some(libraries) = libraries("DumpLogSegments on our files") else { return };
    let mut folder = Folder::new();
    folder.config.index_interval_bytes = 300;
    let mut log = folder.open();
    let aborted = filled(&mut log);
    aborted.iter().for_each(|transaction| log.append_aborted(*transaction));
    for codec in
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd]
    {
        for _ in 0..5 {
            let batch =
                compressed(log.end_offset(), NOW_MS + log.end_offset(), &["one", "two", "three"], codec);
            append(&mut log, &batch);
        }
    }
    let entry = ProducerSnapshotEntry {
        producer_id: 4_711,
        producer_epoch: 3,
        last_sequence: 12,
        last_offset: 4,
        offset_delta: 2,
        timestamp: NOW_MS,
        coordinator_epoch: 9,
        current_txn_first_offset: 6,
    };
    let end = log.end_offset();
    log.write_producer_snapshot(end, &[entry]).expect("written");
    log.close().expect("closed");

    let file = |name: &str| folder.path().join(name);
    let base = |extension| file(&format!("{:020}.{extension}", 0));
    let dumped = dump(&libraries, &[base("log")]);
    assert!(dumped.contains(&format!("lastOffset: {}", end - 1)), "{dumped}");
    assert_eq!(dumped.matches("isvalid: true").count(), 33, "{dumped}");
    let indexes = dump(&libraries, &[base("index"), base("timeindex"), base("txnindex")]);
    assert!(indexes.matches("position:").count() > 5, "{indexes}");
    assert!(indexes.matches("timestamp:").count() > 5, "{indexes}");
    assert!(indexes.contains("producerId: 3 firstOffset: 5 lastOffset: 7 lastStableOffset: 6"), "{indexes}");
    let snapshot = dump(&libraries, &[file(&format!("{end:020}.snapshot"))]);
    for part in [
        "producerId: 4711",
        "producerEpoch: 3",
        "coordinatorEpoch: 9",
        "currentTxnFirstOffset: OptionalLong[6]",
    ] {
        assert!(snapshot.contains(part), "{part}: {snapshot}");
    }
}

#[test]
fn kafka_dumps_what_we_compacted() {
    let Some(libraries) = libraries("DumpLogSegments on compacted files") else { return };
    let folder = Folder::new();
    let mut log = compacted(&folder);
    log.close().expect("closed");
    let base = |extension| folder.path().join(format!("{:020}.{extension}", 0));
    let dumped = dump(&libraries, &[base("log")]);
    assert!(dumped.contains(&format!("deleteHorizonMs: OptionalLong[{}]", NOW_MS + DAY_MS)), "{dumped}");
    assert!(
        dumped.contains("baseOffset: 0 lastOffset: 1 count: 0 baseSequence: 0 lastSequence: 1"),
        "{dumped}"
    );
    dump(&libraries, &[base("index"), base("timeindex")]);
}

/// What a log opened without trouble shows of its producers.
fn open(data: &DataFolder, topic: &str) -> (PartitionLog, Vec<ProducerSnapshotEntry>, usize) {
    let (mut producers, mut batches) = (Vec::new(), 0);
    let log = data.open_log((topic, 0), LogConfig::default(), NOW_MS, &mut |recovered| match recovered {
        Recovered::Snapshot { entries, .. } => producers = entries.to_vec(),
        Recovered::Earlier { .. } => {}
        Recovered::Batch { .. } => batches += 1,
    });
    (log.expect("the log opens"), producers, batches)
}

#[test]
fn the_folder_of_a_stopped_kafka_opens() {
    let Some(libraries) = libraries("the folder of a stopped Kafka") else { return };
    let state = TempDir::new().expect("a temporary folder");
    let run = |arguments: &[&str]| kafka(&libraries, state.path(), arguments);
    let (port, side) = (free_port(), free_port());
    let script = Peer { libraries: libraries.clone(), state: state.path().to_owned() };
    script.start(port, side);
    let server = format!("127.0.0.1:{port}");
    run(&[
        "tool",
        "org.apache.kafka.tools.TopicCommand",
        "--bootstrap-server",
        &server,
        "--create",
        "--topic",
        "orders",
        "--config",
        "segment.bytes=1048576",
    ]);
    run(&[
        "tool",
        "org.apache.kafka.tools.ProducerPerformance",
        "--topic",
        "orders",
        "--num-records",
        "3000",
        "--record-size",
        "1000",
        "--throughput",
        "-1",
        "--producer-props",
        &format!("bootstrap.servers={server}"),
        "enable.idempotence=true",
    ]);
    run(&["stop", "peer"]);

    let data_path = state.path().join("peer/data");
    let marker = std::fs::read(data_path.join(".kafka_cleanshutdown")).expect("a clean stop");
    let data = DataFolder::open(std::sync::Arc::new(DiskStore), &data_path).expect("opens");
    assert!(data.is_clean() && data.broker_epoch().is_some(), "{}", String::from_utf8_lossy(&marker));
    assert_eq!(data.high_watermark("orders", 0), Some(3_000));
    let (log, producers, replayed) = open(&data, "orders");
    assert_eq!((log.end_offset(), log.recovery_point(), replayed), (3_000, 3_000, 0));
    assert!(log.segment_count() > 2 && log.topic_id().expect("read").is_some());
    assert_eq!((producers.len(), producers[0].last_sequence), (1, 2_999));
    assert_eq!(log.epoch_end_offset(0), (0, 3_000));
    assert_eq!(offsets(&log, 0), (0..3_000).collect::<Vec<_>>());
    let last = records(&log, 2_999).remove(0);
    let newest = log.offset_of_max_timestamp(3_000).expect("a lookup").expect("found");
    assert_eq!(newest.timestamp, last.timestamp);
    drop((log, data));

    // Without the marker all is recovered, to the same log; and then Kafka takes it back.
    let data = DataFolder::open(std::sync::Arc::new(DiskStore), &data_path).expect("opens");
    assert!(!data.is_clean());
    let (mut log, ..) = open(&data, "orders");
    assert_eq!(offsets(&log, 0), (0..3_000).collect::<Vec<_>>());
    append(&mut log, &compressed(3_000, NOW_MS, &["ours"], Compression::Zstd));
    log.close().expect("closed");
    run(&["restart", "peer"]);
    let ends = run(&[
        "tool",
        "org.apache.kafka.tools.GetOffsetShell",
        "--bootstrap-server",
        &server,
        "--topic",
        "orders",
    ]);
    assert_eq!(ends.trim(), "orders:0:3001");
}

/// A Kafka that ends with the test, whatever its outcome.
struct Peer {
    libraries: PathBuf,
    state: PathBuf,
}

impl Peer {
    fn start(&self, port: u16, side: u16) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/kafka");
        let status = Command::new(script)
            .args(["start", "peer", &port.to_string()])
            .env("STRAIT_KAFKA_LIBS", &self.libraries)
            .env("STRAIT_PEERS", &self.state)
            .env("SIDE_PORT", side.to_string())
            .status();
        assert!(status.expect("tests/peers/kafka runs").success());
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        kafka(&self.libraries, &self.state, &["wipe", "peer"]);
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
