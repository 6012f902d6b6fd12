//! A proxy is the only bootstrap address: of clients that stay behind it, and of clients that are told the broker's own
//! address. librdkafka, Java's clients and ours.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use strait_cluster_tests::world::World;
use strait_cluster_tests::{binary, ports};

use crate::client;
use crate::listeners::told;
use crate::process::Broker;

/// Bytes both ways between whoever connects to `from` and `to`, for ever; gives how many connections there were.
fn forward(from: u16, to: u16) -> Arc<AtomicU64> {
    let listener = TcpListener::bind(("127.0.0.1", from)).expect("a free port");
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::Relaxed);
            let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
            let both = [(client.try_clone(), server.try_clone()), (Ok(server), Ok(client))];
            for (mut from, mut to) in both.into_iter().filter_map(|(from, to)| from.ok().zip(to.ok())) {
                thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
            }
        }
    });
    count
}

fn librdkafka(address: &str) {
    client::create(address, "orders", 3, &[]).expect("a topic");
    client::write(address, "orders", 0..2_000).expect("written");
    client::assert_all(address, "orders", "group", 2_000).expect("read");
}

fn java(broker: &Broker, address: &str) {
    let tool = |class: &str, arguments: &[&str], input: &str| {
        let class = format!("org.apache.kafka.tools.{class}");
        broker.tool_at(address, &class, arguments, input).expect("exit 0")
    };
    tool("TopicCommand", &["--create", "--topic", "java"], "");
    tool("ConsoleProducer", &["--topic", "java"], "one\ntwo\n");
    let read = ["--topic", "java", "--from-beginning", "--max-messages", "2", "--timeout-ms", "20000"];
    let read = tool("consumer.ConsoleConsumer", &[&read[..], &["--group", "java"]].concat(), "");
    assert!(read.starts_with("one\ntwo\n"), "{read}");
}

fn ours(address: &str) {
    let strait = |arguments: &str, input: &str| {
        let mut command = Command::new(binary::path());
        command.args(arguments.split_whitespace()).env("STRAIT_BOOTSTRAP", address);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("strait is started");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("ended");
        assert!(output.status.success(), "{arguments}");
        String::from_utf8(output.stdout).expect("text")
    };
    strait("topic create ours", "");
    strait("produce ours", "one\ntwo\n");
    assert_eq!(strait("consume ours --from beginning --max-messages 2", ""), "one\ntwo\n");
}

#[test]
fn all_clients_work_through_a_proxy() {
    let Some(world) = World::enter("all_clients_work_through_a_proxy") else { return };
    let [plain, behind, proxy, balancer] = [(); 4].map(|()| ports::free());
    let through = forward(proxy, behind);
    let at_first = forward(balancer, plain);
    let properties = [
        format!("listeners=PLAINTEXT://127.0.0.1:{plain},BEHIND://127.0.0.1:{behind}"),
        format!("advertised.listeners=PLAINTEXT://localhost:{plain},BEHIND://localhost:{proxy}"),
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,BEHIND:PLAINTEXT".to_owned(),
    ];
    for (port, advertised, connections) in [(proxy, proxy, through), (balancer, plain, at_first)] {
        let folder = world.folder().join(port.to_string());
        let mut broker = Broker::start_listening(&folder, plain, properties.to_vec()).expect("a broker");
        let address = format!("127.0.0.1:{port}");
        assert_eq!(told(&address), format!("localhost:{advertised}"));
        librdkafka(&address);
        java(&broker, &address);
        ours(&address);
        assert!(connections.load(Ordering::Relaxed) > 0);
        broker.stop().expect("a good end");
    }
}
