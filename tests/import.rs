//! What `strait config import` and `strait replicate --mm2` make of MirrorMaker 2's files, by the real program.

use std::process::{Command, Output};

/// Two clusters and a flow, without their last line.
const TWO: &str =
    "clusters = a, b\na.bootstrap.servers = a:1\nb.bootstrap.servers = b:1\na->b.enabled = true\n";

fn strait(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strait"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn import(file: &str, expected: &str) -> String {
    let output = strait(&["config", "import", &format!("tests/mm2/{file}")]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{file}");
    said
}

/// Imports a text and gives the exit code and what was said.
fn import_text(name: &str, text: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(name);
    std::fs::write(&file, text).expect("written");
    let output = strait(&["config", "import", file.to_str().expect("UTF-8")]);
    (output.status.code(), said(&output))
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
}

#[track_caller]
fn assert_refused(line: &str, parts: &[&str]) {
    let (code, said) = import_text("mm2.properties", &format!("{TWO}{line}\n"));
    assert_eq!(code, Some(2), "{line}: {said}");
    assert_has(&said, &["can't be honoured"]);
    assert_has(&said, parts);
}

#[test]
fn the_sample_file() {
    let said = import("sample.properties", include_str!("mm2/sample.toml"));
    assert_has(
        &said,
        &[
            "  tasks.max: a flow needs no tasks",
            "backup->primary.topics: the flow is not enabled",
            "config.storage.replication.factor, offset.storage.replication.factor, status.storage",
        ],
    );
}

#[test]
fn two_way_flows_with_keys_at_every_level() {
    let said = import("two-way.properties", include_str!("mm2/two-way.toml"));
    assert_has(
        &said,
        &[
            "consumer.isolation.level, use.defaults.from: MirrorMaker 2 drops it at the top",
            "us-west->us-west.2.target.consumer.isolation.level: no such client reads a source",
            "us-west->us-west.2.topcis: unknown; the nearest known key is `topics`",
            "emit.heartbeat.enabled: unknown; the nearest known key is `emit.heartbeats.enabled`",
            "us-west->us-east.enabled: it names a cluster that is not in `clusters`",
            "us-west->us-west.2.consumer.fetch.max.bytes, us-west.producer.batch.size: it tunes",
            "us-west.2.offset.flush.interval.ms: it is for Connect workers",
        ],
    );
}

#[test]
fn stores_and_secrets() {
    let said = import("secured.properties", include_str!("mm2/secured.toml"));
    assert_has(
        &said,
        &[
            "east.ssl.key.password: the secret stands open",
            "config.providers.mounted.param.allowed.paths: what a provider may read is not limited",
            "ssl.truststore.location, ssl.truststore.password: not used with security.protocol SASL_PLAINTEXT",
        ],
    );
}

#[test]
fn patterns_of_java() {
    import("look-ahead.properties", include_str!("mm2/look-ahead.toml"));
}

#[test]
fn connectors_in_json() {
    let said = import("connector.json", include_str!("mm2/connector.toml"));
    assert_has(&said, &["producer.override.linger.ms: it tunes", "tasks.max"]);
    let one =
        r#"{"connector.class": "MirrorSourceConnector", "source.cluster.alias": "a", "transforms": "x"}"#;
    let (code, said) = import_text("one.json", one);
    assert_eq!(code, Some(2));
    assert_has(&said, &["transforms = x", "a.bootstrap.servers = missing"]);
    assert_eq!(import_text("empty.json", "{}").0, Some(2));
    assert_has(&import_text("bad.json", "{\n[").1, &["line 2"]);
}

#[test]
fn resources_of_strimzi() {
    let said = import("strimzi.yaml", include_str!("mm2/strimzi.toml"));
    assert_has(
        &said,
        &[
            "mount the Secret `mirror-user` as the folder /etc/strait/mirror-user",
            "spec.replicas, spec.version",
            "spec.mirrors[0].sourceConnector.tasksMax: a flow needs no tasks",
        ],
    );
    import("strimzi-v1.yaml", include_str!("mm2/strimzi-v1.toml"));
}

#[test]
fn what_is_written_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("strait.toml");
    let output = output.to_str().expect("UTF-8");
    let import = ["config", "import", "tests/mm2/two-way.properties", "--output", output];
    assert_eq!(strait(&import).status.code(), Some(0));
    assert_eq!(strait(&["config", "validate", output]).status.code(), Some(0));
    let again = strait(&import);
    assert_eq!(again.status.code(), Some(2), "a file that is there is not written over");
}

#[test]
fn what_cannot_be_honoured_is_refused() {
    for (line, part) in [
        (
            "replication.policy.class = com.example.Policy",
            "replication.policy.class = com.example.Policy: a class",
        ),
        (
            "a->b.topic.filter.class = com.example.Filter",
            "a->b.topic.filter.class = com.example.Filter: classes of",
        ),
        ("a->b.transforms = mask", "a->b.transforms = mask: records can't be transformed"),
        ("a.consumer.interceptor.classes = com.example.I", "interceptors are Java classes"),
        ("a.security.protocol = SASL_SSL", "sasl.mechanism = missing: allowed are PLAIN"),
        ("a.security.protocol = TLS", "a.security.protocol = TLS: allowed are PLAINTEXT, SSL"),
        (
            "a.consumer.security.protocol = SSL",
            "a.consumer.security.protocol = SSL: all clients of a cluster",
        ),
        ("a->b.source.cluster.bootstrap.servers = c:1", "a cluster is the same for all its flows"),
        ("a->b.replication.factor = 0", "a->b.replication.factor = 0: allowed are -1"),
        ("a->b.replication.factor = two", "a->b.replication.factor = two: allowed is a whole number"),
        (
            "a->b.sync.topic.configs.enabled = yes",
            "sync.topic.configs.enabled = yes: allowed are true and false",
        ),
        (
            "a->b.sync.topic.acls.interval.seconds = 0",
            "a->b.sync.topic.acls.interval.seconds = 0: allowed is 1 and more",
        ),
        ("b->a.enabled = on", "b->a.enabled = on: allowed are true and false"),
        (
            "a->b.consumer.auto.offset.reset = none",
            "a->b.consumer.auto.offset.reset = none: allowed are earliest",
        ),
        ("a->b.use.defaults.from = both", "a->b.use.defaults.from = both: allowed are source and target"),
        (
            "a->b.key.converter = com.example.C",
            "a->b.key.converter = com.example.C: records are copied as bytes",
        ),
        (
            "config.providers = vault\nconfig.providers.vault.class = com.example.V",
            "com.example.V: allowed are",
        ),
        (
            "a->b.topics = ${vault:a:b}",
            "a->b.topics = ${vault:a:b}: `${vault:a:b}` names the provider `vault`",
        ),
    ] {
        assert_refused(line, &[part]);
    }
}

#[test]
fn logins_that_strait_does_not_have_are_refused() {
    let secured = "a.security.protocol = SASL_SSL\na.sasl.";
    for (lines, part) in [
        ("mechanism = GSSAPI", "a.sasl.mechanism = GSSAPI: allowed are PLAIN"),
        ("mechanism = AWS_MSK_IAM", "a.sasl.mechanism = AWS_MSK_IAM: allowed are PLAIN"),
        ("mechanism = PLAIN", "sasl.jaas.config = missing: a login must be given"),
        (
            "mechanism = PLAIN\na.sasl.jaas.config = x.Y required a=\"canary\";",
            "= (secret): its module must be",
        ),
        (
            "mechanism = PLAIN\na.sasl.jaas.config = canary",
            "a.sasl.jaas.config = (secret): it ends in the middle",
        ),
        (
            "mechanism = PLAIN\na.sasl.client.callback.handler.class = x.Y",
            "handler.class = x.Y: a class of others",
        ),
        ("mechanism = OAUTHBEARER", "token.endpoint.url = missing: tokens are read from a file only"),
    ] {
        let (code, said) = import_text("mm2.properties", &format!("{TWO}{secured}{lines}\n"));
        assert_eq!(code, Some(2), "{lines}");
        assert_has(&said, &[part]);
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn values_of_strait_are_named_by_the_imported_key() {
    let (code, said) = import_text("mm2.properties", &format!("{TWO}a->b.topics = orders(\n"));
    assert_eq!(code, Some(2));
    assert_has(&said, &["a->b.topics (flows[0].topics[0]) = orders(: allowed is a regular expression"]);
    let (_, said) = import_text("mm2.properties", &TWO.replace("b:1", "nowhere"));
    assert_has(&said, &["b.bootstrap.servers (clusters.b.bootstrap[0]) = nowhere: allowed is host:port"]);
}

#[test]
fn files_without_a_flow_are_refused() {
    for (text, part) in [
        ("", "clusters = missing"),
        ("clusters = a, b\n", "a->b.enabled = missing: no flow is enabled"),
        ("clusters = a, b\na->b.enabled = true\n", "a.bootstrap.servers = missing"),
        ("clusters = a\\u00zz\n", "line 1"),
    ] {
        let (code, said) = import_text("mm2.properties", text);
        assert_eq!(code, Some(2), "{text}");
        assert_has(&said, &[part]);
    }
    assert_has(&import_text("mm2.txt", TWO).1, &["`txt`", "properties, json, yaml and yml"]);
    assert_has(
        &import_text("x.yaml", "kind: Kafka\n").1,
        &["kind = \"Kafka\": allowed is KafkaMirrorMaker2"],
    );
}

#[test]
fn replicate_reads_the_same_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mm2.conf");
    std::fs::write(&file, format!("{TWO}b->a.enabled = true\ntasks.max = 3\n")).expect("written");
    let file = file.to_str().expect("UTF-8");
    for (targets, part) in
        [("c", "--clusters = c: allowed are a, b"), ("a,d", "--clusters = d: allowed are a, b")]
    {
        let output = strait(&["replicate", "--mm2", file, "--clusters", targets]);
        assert_eq!(output.status.code(), Some(2));
        assert_has(&said(&output), &[part]);
    }
    let both = strait(&["replicate", "--mm2", file, "--config", file]);
    assert_eq!(both.status.code(), Some(2));
    assert_eq!(strait(&["replicate"]).status.code(), Some(2));
    assert_eq!(strait(&["replicate", "--mm2", "nowhere"]).status.code(), Some(2));
}
