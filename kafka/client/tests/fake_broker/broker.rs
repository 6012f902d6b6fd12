//! A broker in this process: one script for each connection, in the order they come.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strait_client::{BoxedStream, ClientConfig, Opening, Transport};
use strait_wire::codec::{Request, response_frame};
use strait_wire::message::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};
use strait_wire::message::metadata::{MetadataRequest, MetadataResponse, MetadataResponseBroker};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// What a broker does on one connection.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    /// Answers everything; metadata carry this throttle time, error code and cluster id.
    Honest {
        throttle_time_ms: i32,
        error_code: i16,
        cluster_id: &'static str,
    },
    /// Answers the versions, then writes these bytes to the next request and closes.
    Bytes(Vec<u8>),
    /// Writes these bytes to the first request and closes.
    BytesAtOnce(Vec<u8>),
    /// Answers the versions, then reads and says nothing.
    Silent,
    /// Answers the versions, then does not even read.
    Deaf,
    /// Answers with the correlation id moved by this.
    Shifted(i32),
    /// Answers two requests in the wrong order.
    Swapped,
    Closes,
}

pub(crate) const HONEST: Script = Script::Honest { throttle_time_ms: 0, error_code: 0, cluster_id: "one" };

/// Scripts by connection; the last one stays.
#[derive(Clone, Debug)]
pub(crate) struct Broker {
    scripts: Arc<Mutex<Vec<Script>>>,
    connections: Arc<AtomicUsize>,
    port: u16,
}

impl Broker {
    fn new(scripts: &[Script], port: u16) -> Self {
        Self { scripts: Arc::new(Mutex::new(scripts.to_vec())), connections: Arc::default(), port }
    }

    /// On a real socket.
    pub(crate) async fn on_tcp(scripts: &[Script]) -> (Self, ClientConfig) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let broker = Self::new(scripts, address.port());
        let serving = broker.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        (broker, config(address.port()))
    }

    /// In memory, for a clock that stands still.
    pub(crate) fn in_memory(scripts: &[Script]) -> (Self, ClientConfig) {
        let broker = Self::new(scripts, 9092);
        let transport = Arc::new(Memory(broker.clone()));
        (broker, ClientConfig { transport, ..config(9092) })
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// What connections from now on meet.
    pub(crate) fn becomes(&self, script: Script) {
        *self.scripts.lock().expect("no panic") = vec![script];
    }

    fn next_script(&self) -> Script {
        self.connections.fetch_add(1, Ordering::Relaxed);
        let mut scripts = self.scripts.lock().expect("no panic");
        if scripts.len() > 1 { scripts.remove(0) } else { scripts[0].clone() }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        // The client may go away at any moment.
        let _ = self.play(stream).await;
    }

    async fn play(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        let script = self.next_script();
        let mut waiting = Vec::new();
        for number in 0_usize.. {
            let frame = read_frame(&mut stream).await?;
            let correlation = i32::from_be_bytes(frame[4..8].try_into().expect("four bytes"));
            match (&script, number) {
                (Script::BytesAtOnce(bytes), _) => return stream.write_all(bytes).await,
                (Script::Closes, _) => return Ok(()),
                (_, 0) => {
                    write::<ApiVersionsRequest>(&mut stream, &versions(), 3, correlation).await?;
                    if matches!(script, Script::Deaf) {
                        std::future::pending::<()>().await;
                    }
                }
                (Script::Bytes(bytes), _) => return stream.write_all(bytes).await,
                (Script::Silent | Script::Deaf, _) => {}
                (Script::Shifted(by), _) => {
                    let answer = self.metadata(0, 0, "one");
                    write::<MetadataRequest>(&mut stream, &answer, 12, correlation + by).await?;
                }
                (Script::Swapped, _) => {
                    waiting.push(correlation);
                    if waiting.len() == 2 {
                        for correlation in waiting.drain(..).rev() {
                            let answer = self.metadata(0, 0, "one");
                            write::<MetadataRequest>(&mut stream, &answer, 12, correlation).await?;
                        }
                    }
                }
                (Script::Honest { throttle_time_ms, error_code, cluster_id }, _) => {
                    let answer = self.metadata(*throttle_time_ms, *error_code, cluster_id);
                    write::<MetadataRequest>(&mut stream, &answer, 13, correlation).await?;
                }
            }
        }
        Ok(())
    }

    fn metadata(&self, throttle_time_ms: i32, error_code: i16, cluster_id: &str) -> MetadataResponse {
        let broker = MetadataResponseBroker {
            node_id: 1,
            host: "127.0.0.1".to_owned(),
            port: i32::from(self.port),
            rack: None,
        };
        MetadataResponse {
            throttle_time_ms,
            error_code,
            brokers: vec![broker],
            cluster_id: Some(cluster_id.to_owned()),
            controller_id: 1,
            ..MetadataResponse::default()
        }
    }
}

#[derive(Clone, Debug)]
struct Memory(Broker);

impl Transport for Memory {
    fn open<'a>(&'a self, _address: &'a str) -> Opening<'a> {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(self.0.clone().serve(theirs));
        Box::pin(async move { Ok(Box::new(ours) as BoxedStream) })
    }
}

fn config(port: u16) -> ClientConfig {
    ClientConfig {
        bootstrap: vec![format!("127.0.0.1:{port}")],
        request_timeout: Duration::from_millis(500),
        operation_timeout: Duration::from_secs(5),
        ..ClientConfig::default()
    }
}

fn versions() -> ApiVersionsResponse {
    let spoken = |api_key: i16, max_version| ApiVersion { api_key, min_version: 0, max_version };
    ApiVersionsResponse {
        api_keys: vec![spoken(ApiVersionsRequest::KEY.0, 3), spoken(MetadataRequest::KEY.0, 13)],
        ..ApiVersionsResponse::default()
    }
}

async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<bytes::Bytes> {
    let mut frame = vec![0; stream.read_u32().await? as usize];
    stream.read_exact(&mut frame).await?;
    Ok(frame.into())
}

async fn write<R: Request>(
    stream: &mut (impl AsyncWrite + Unpin),
    response: &R::Response,
    version: i16,
    correlation_id: i32,
) -> io::Result<()> {
    for segment in response_frame::<R>(response, version, correlation_id).expect("a frame") {
        stream.write_all(&segment).await?;
    }
    Ok(())
}
