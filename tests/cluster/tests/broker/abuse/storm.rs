//! More clients of one address than `max.connections.per.ip` allows, as fast as they can come.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use strait_cluster_tests::settings;
use strait_cluster_tests::world::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::health;
use super::neighbour::Neighbour;
use crate::process::Broker;

const PER_ADDRESS: usize = 20;
/// Clients that come at the same time.
const AT_ONCE: u64 = 50;
/// The storm's own address; all others of the test come from 127.0.0.1.
const STORM: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const PATIENCE: Duration = Duration::from_secs(20);
const SLOWEST: Duration = Duration::from_secs(10);
/// ApiVersions 0.
const REQUEST: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff];

/// Comes and asks; none: it was closed instead of answered.
async fn come(broker: SocketAddr) -> io::Result<Option<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((STORM, 0)))?;
    let mut stream = socket.connect(broker).await?;
    let answered = async {
        stream.write_all(&REQUEST).await?;
        let length = stream.read_i32().await?;
        stream.read_exact(&mut vec![0; usize::try_from(length).unwrap_or(0)]).await
    };
    match timeout(PATIENCE, answered).await? {
        Ok(_) => Ok(Some(stream)),
        Err(_) => Ok(None),
    }
}

/// A client that comes again and again and is never let in.
async fn insist(broker: SocketAddr, times: u64) -> Result<u64> {
    for _ in 0..times {
        ensure!(come(broker).await?.is_none(), "one too many was let in");
    }
    Ok(times)
}

/// So many of them at once. Gives how many times one was closed.
async fn storm(broker: SocketAddr, times: u64) -> Result<u64> {
    let clients: Vec<_> = (0..AT_ONCE).map(|_| tokio::spawn(insist(broker, times))).collect();
    let mut closed = 0;
    for client in clients {
        closed += client.await??;
    }
    Ok(closed)
}

/// As many as may be there at once.
async fn all_places(broker: SocketAddr) -> Result<Vec<TcpStream>> {
    let mut inside = Vec::new();
    let begun = Instant::now();
    while inside.len() < PER_ADDRESS {
        ensure!(begun.elapsed() < PATIENCE, "{} places in {PATIENCE:?}", inside.len());
        inside.extend(come(broker).await?);
    }
    Ok(inside)
}

#[test]
fn a_storm_of_connections_takes_its_own_places_only() {
    let Some(world) = World::enter("a_storm_of_connections_takes_its_own_places_only") else { return };
    let most = format!("max.connections.per.ip={PER_ADDRESS}");
    let properties = [most.as_str(), "max.connections.per.ip.overrides=127.0.0.1:1000"];
    let mut broker = Broker::start(&world.folder().join("a"), &properties).expect("a broker");
    let neighbour = Neighbour::start(&broker.address()).expect("a neighbour");
    let address: SocketAddr = broker.address().parse().expect("an address");
    let runtime = Runtime::new().expect("a runtime");
    let mut inside = runtime.block_on(all_places(address)).expect("all places");
    let begun = Instant::now();
    let times = settings::number("STRAIT_STORM_TIMES", 20);
    let closed = runtime.block_on(storm(address, times)).expect("a storm that stays outside");
    let took = begun.elapsed();
    // Who was inside is served, and places come back.
    for stream in &mut inside {
        runtime.block_on(stream.write_all(&REQUEST)).expect("sent");
        let answered = runtime.block_on(async { timeout(PATIENCE, stream.read_i32()).await });
        answered.expect("in time").expect("an answer");
    }
    drop(inside);
    drop(runtime.block_on(all_places(address)).expect("places that came back"));
    let served = neighbour.stop().expect("a neighbour that is served");
    let peak_mib = health::end(&mut broker).expect("a broker that is well");
    println!("{closed} connections too many in {took:?}: {served}, {peak_mib:.1} MiB");
    assert!(served.longest < SLOWEST, "{served}");
    assert!(peak_mib < 100.0, "{peak_mib} MiB");
}
