//! Certificates that are exchanged while the broker runs.

use std::time::Duration;

use strait_cluster_tests::secured::Listener;
use strait_cluster_tests::wait::{self, Attempt};

use super::clients::ssl;
use super::pair::Pair;
use super::tools::{self, Step};

pub(super) fn are_shown_to_new_clients(pair: &Pair) {
    let [_, address] = pair.addresses(Listener::Ssl);
    let trusting = ssl(&pair.files);
    let list = |name: &str| {
        let step = Step::new(name.to_owned(), tools::TOPICS, &address, &trusting, &["--list"]);
        let mut said = tools::run(&pair.folder().join("certificates"), &[step]).expect("the tool ends");
        said.remove(name).expect("what it printed")
    };
    let good = std::fs::read(pair.files.path("broker.jks")).expect("a store");
    let before = shown_certificate(&address);
    std::fs::write(pair.files.path("broker.jks"), b"no store").expect("written");
    wait_for_log(pair, "changed certificates can't be used", || drop(shown_certificate(&address)));
    assert_eq!(shown_certificate(&address), before, "the last good certificate stays");
    // Signed by nobody that the client trusts.
    std::fs::copy(pair.files.path("stranger.p12"), pair.files.path("broker.jks")).expect("copied");
    wait_for_log(pair, "certificates were read again", || drop(shown_certificate(&address)));
    assert_ne!(shown_certificate(&address), before);
    let said = list("stranger");
    assert!(!said.is_success && tools::refusal(&said.output).contains("SSL"), "{}", said.output);
    std::fs::write(pair.files.path("broker.jks"), good).expect("written");
    assert!(list("trusted").is_success);
}

fn wait_for_log(pair: &Pair, line: &str, connect: impl Fn()) {
    wait::until(line, Duration::from_secs(20), || {
        connect();
        Ok(if pair.ours.log().contains(line) {
            Attempt::Done(())
        } else {
            Attempt::NotYet("silence".to_owned())
        })
    })
    .expect("told");
}

/// The certificate of whoever listens there, in PEM.
fn shown_certificate(address: &str) -> String {
    let mut command = std::process::Command::new("openssl");
    command.args(["s_client", "-connect", address]).stdin(std::process::Stdio::null());
    let output = command.output().expect("openssl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let end = "-----END CERTIFICATE-----";
    let (from, to) = (text.find("-----BEGIN CERTIFICATE-----"), text.find(end));
    from.zip(to).map_or_else(|| panic!("no certificate: {text}"), |(from, to)| text[from..to].to_owned())
}
