//! `strait demo` as a person runs it: it ends by itself, one of its processes is killed, and it says what is wrong.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);

fn demo(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.arg("demo").args(arguments).arg("--keep").arg(folder).env("NO_COLOR", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Waits until the demo says which processes run.
fn wait_running(folder: &Path, demo: &mut Child) {
    let begun = Instant::now();
    while !folder.join("running.json").exists() {
        assert!(demo.try_wait().expect("asked").is_none(), "the demo ended early");
        assert!(begun.elapsed() < LIMIT, "the demo does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn orders_and_their_group_arrive_though_a_cluster_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut running = demo(folder.path(), &["--for", "15s"]).spawn().expect("the demo starts");
    wait_running(folder.path(), &mut running);
    let second = demo(folder.path(), &["--for", "1s"]).output().expect("it ends");
    assert_eq!(second.status.code(), Some(2), "{}", said(&second));
    let unknown = demo(folder.path(), &["kill", "north"]).output().expect("it ends");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(said(&unknown).contains("allowed are east, strait, west"), "{}", said(&unknown));
    let killed = demo(folder.path(), &["kill", "east"]).output().expect("it ends");
    assert_eq!(killed.status.code(), Some(0), "{}", said(&killed));
    let ended = running.wait_with_output().expect("it ends");
    let said = said(&ended);
    assert_eq!(ended.status.code(), Some(0), "{said}");
    for part in
        ["east has ended", "east is started again", "in east.orders at west", "group billing is synced"]
    {
        assert!(said.contains(part), "`{part}` is missing in: {said}");
    }
    assert!(!folder.path().join("running.json").exists());
}

#[test]
fn nothing_is_killed_where_no_demo_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let killed = demo(folder.path(), &["kill", "east"]).output().expect("it ends");
    assert_eq!(killed.status.code(), Some(2));
    assert!(said(&killed).contains("no demo runs"), "{}", said(&killed));
}
