//! Orders in the topic `orders` of east, and the group `billing` that reads them.

use std::time::Duration;

use strait_client::{ClientConfig, Consumer, ConsumerConfig, Producer, ProducerConfig, ProducerRecord};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};

pub(super) const TOPIC: &str = "orders";
pub(super) const GROUP: &str = "billing";

const TICKS_PER_SECOND: u32 = 20;
const RETRY: Duration = Duration::from_millis(500);
const CLOSE_LIMIT: Duration = Duration::from_secs(5);
const FRUITS: [&str; 5] = ["apples", "cherries", "figs", "pears", "plums"];

/// Both tasks.
pub(super) struct Orders {
    stop: watch::Sender<bool>,
    tasks: [JoinHandle<()>; 2],
}

/// Begins to write and to read.
pub(super) fn start(east: &str, rate: u32) -> Orders {
    let (stop, stopped) = watch::channel(false);
    let cluster = ClientConfig { bootstrap: vec![east.to_owned()], ..ClientConfig::default() };
    let writing = tokio::spawn(write(cluster.clone(), rate, stopped.clone()));
    let reading = tokio::spawn(read(cluster, stopped));
    Orders { stop, tasks: [writing, reading] }
}

impl Orders {
    /// Ends both; what was written is at east, what was read is committed.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::warn!(%error, "a task of the demo ended badly");
            }
        }
    }
}

async fn write(cluster: ClientConfig, rate: u32, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match Producer::new(cluster.clone(), ProducerConfig::default()) {
            Ok(producer) => {
                write_until_stopped(&producer, rate, &mut stopped).await;
                producer.close(CLOSE_LIMIT).await;
            }
            Err(error) => {
                tracing::debug!(%error, "orders can't be written, retrying");
                sleep(RETRY).await;
            }
        }
    }
}

async fn write_until_stopped(producer: &Producer, rate: u32, stopped: &mut watch::Receiver<bool>) {
    let mut ticks = interval(Duration::from_secs(1) / TICKS_PER_SECOND);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut number, mut due) = (0_u64, 0_u32);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        due += rate;
        while due >= TICKS_PER_SECOND {
            due -= TICKS_PER_SECOND;
            number += 1;
            // Its delivery is not waited for: a broker that is away gets it later.
            if let Err(error) = producer.send(order(number)).await {
                tracing::debug!(%error, "an order is not written");
                sleep(RETRY).await;
                return;
            }
        }
    }
}

fn order(number: u64) -> ProducerRecord {
    let fruit = FRUITS[(number % FRUITS.len() as u64) as usize];
    let value = format!("{{\"order\":{number},\"item\":\"{fruit}\",\"pieces\":{}}}", 1 + number % 7);
    ProducerRecord::new(TOPIC, value).with_key(format!("customer-{}", number % 100))
}

async fn read(cluster: ClientConfig, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(error) = read_until_stopped(cluster.clone(), &mut stopped).await {
            tracing::debug!(error, "orders can't be read, retrying");
            sleep(RETRY).await;
        }
    }
}

async fn read_until_stopped(
    cluster: ClientConfig,
    stopped: &mut watch::Receiver<bool>,
) -> Result<(), String> {
    let settings =
        [("group.id", GROUP), ("auto.offset.reset", "earliest"), ("auto.commit.interval.ms", "500")];
    let config = ConsumerConfig::from_properties(settings).map_err(|error| error.to_string())?;
    let mut consumer = Consumer::new(cluster, config).map_err(|error| error.to_string())?;
    consumer.subscribe(&[TOPIC]).map_err(|error| error.to_string())?;
    while !*stopped.borrow_and_update() {
        consumer.poll(Duration::from_millis(200)).await.map_err(|error| error.to_string())?;
    }
    consumer.close(CLOSE_LIMIT).await.map_err(|error| error.to_string())
}
