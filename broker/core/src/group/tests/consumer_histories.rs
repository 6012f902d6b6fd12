//! Random members of a consumer group, with lost answers, restarts and topics that change: no partition is ever with two
//! members, the log gives the same group at every moment, and in the end all is shared out equally.

use strait_wire::message::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;

use super::consumers::{Set, beat, given, having, joining};
use super::*;

use proptest::prelude::*;

const TOPICS: [&str; 3] = ["t", "u", "v"];

#[derive(Clone, Debug)]
enum Event {
    Join { range: bool },
    Beat { member: usize, is_lost: bool },
    GiveAway(usize),
    Resubscribe(usize, usize),
    Leave(usize),
    Vanish(usize),
    Grow(usize),
    Delete(usize),
    Pass(i64),
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    let member = 0_usize..8;
    prop_oneof![
        3 => any::<bool>().prop_map(|range| Event::Join { range }),
        12 => (member.clone(), prop::bool::weighted(0.1))
            .prop_map(|(member, is_lost)| Event::Beat { member, is_lost }),
        6 => member.clone().prop_map(Event::GiveAway),
        1 => (member.clone(), 0_usize..4).prop_map(|(member, topics)| Event::Resubscribe(member, topics)),
        1 => member.clone().prop_map(Event::Leave),
        1 => member.prop_map(Event::Vanish),
        1 => (0_usize..3).prop_map(Event::Grow),
        1 => (0_usize..3).prop_map(Event::Delete),
        5 => prop_oneof![0_i64..2_000, 2_000_i64..30_000].prop_map(Event::Pass),
        1 => Just(Event::Restart),
    ]
}

/// A client as the protocol wants it to be: it uses what it was given until it gave it away.
#[derive(Clone, Debug)]
struct Client {
    id: String,
    epoch: i32,
    topics: Vec<&'static str>,
    range: bool,
    has: Set,
    wanted: Set,
    /// Says all again with the next heartbeat.
    tells_all: bool,
}

struct World {
    shard: Shard,
    clients: Vec<Client>,
    made: usize,
    partitions: [i32; 3],
}

impl World {
    fn new() -> Self {
        let mut shard = Shard::new();
        let partitions = [3, 4, 0];
        shard.cluster.put("t", 3);
        shard.cluster.put("u", 4);
        Self { shard, clients: Vec::new(), made: 0, partitions }
    }

    fn step(&mut self, event: &Event) {
        let at = |member: usize| member % self.clients.len().max(1);
        match *event {
            Event::Join { range } => {
                self.made += 1;
                let (id, topics) = (format!("m{}", self.made), TOPICS.to_vec());
                let (has, wanted) = (Set::new(), Set::new());
                self.clients.push(Client { id, epoch: 0, topics, range, has, wanted, tells_all: true });
                self.beat(self.clients.len() - 1, false);
            }
            _ if self.clients.is_empty() && !matches!(event, Event::Pass(_) | Event::Restart) => {}
            Event::Beat { member, is_lost } => self.beat(at(member), is_lost),
            Event::GiveAway(member) => self.give_away(at(member)),
            Event::Resubscribe(member, topics) => {
                let index = at(member);
                let client = &mut self.clients[index];
                client.topics = TOPICS[..topics.min(TOPICS.len())].to_vec();
                client.tells_all = true;
            }
            Event::Leave(member) => {
                let client = self.clients.remove(at(member));
                self.shard.consumer(&beat(&client.id, -1));
            }
            Event::Vanish(member) => {
                let client = self.clients.remove(at(member));
                self.others_for(46_000, &client.id);
            }
            Event::Grow(topic) => {
                self.partitions[topic] += 1;
                self.shard.cluster.put(TOPICS[topic], self.partitions[topic]);
            }
            Event::Delete(topic) => {
                self.partitions[topic] = 0;
                self.shard.cluster.remove(TOPICS[topic]);
            }
            Event::Pass(ms) => self.shard.pass(ms),
            Event::Restart => {
                self.shard.groups = self.shard.reloaded();
                let effects = self.shard.groups.loaded(&self.shard.cluster, self.shard.now_ms);
                self.shard.perform(effects, None);
            }
        }
        self.check();
    }

    /// Time passes, in which all but one are heard.
    fn others_for(&mut self, ms: i64, gone: &str) {
        let end_ms = self.shard.now_ms + ms;
        while self.shard.now_ms < end_ms {
            self.shard.pass(5_000);
            (0..self.clients.len()).for_each(|index| self.beat(index, false));
        }
        let described = self.shard.groups.describe_consumer(GROUP, &self.shard.cluster);
        assert!(described.members.iter().all(|member| member.member_id != gone), "{gone} is still there");
    }

    fn request(client: &Client) -> ConsumerGroupHeartbeatRequest {
        let whole = ConsumerGroupHeartbeatRequest {
            member_epoch: client.epoch,
            server_assignor: client.range.then(|| "range".to_owned()),
            ..joining(&client.id, &client.topics)
        };
        match (client.epoch, client.tells_all) {
            (0, _) => whole,
            (_, true) => having(whole, &client.has),
            (_, false) => having(beat(&client.id, client.epoch), &client.has),
        }
    }

    fn beat(&mut self, index: usize, is_lost: bool) {
        let Some(client) = self.clients.get(index) else { return };
        let response = self.shard.consumer(&Self::request(client));
        let client = &mut self.clients[index];
        if is_lost {
            client.tells_all = true;
            return;
        }
        match ErrorCode(response.error_code) {
            ErrorCode::NONE => {
                client.epoch = response.member_epoch;
                client.tells_all = false;
                if let Some(wanted) = given(&response) {
                    client.has.extend(wanted.iter().copied());
                    client.wanted = wanted;
                }
            }
            // It lost everything and begins anew.
            ErrorCode::FENCED_MEMBER_EPOCH | ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::GROUP_ID_NOT_FOUND => {
                client.epoch = 0;
                client.has.clear();
                client.wanted.clear();
            }
            other => panic!("{other:?}: {response:?}"),
        }
    }

    fn give_away(&mut self, index: usize) {
        let client = &mut self.clients[index];
        client.has = client.has.intersection(&client.wanted).copied().collect();
    }

    /// No partition is with two members. A member that was thrown out and does not know it yet does not count.
    fn check(&self) {
        let described = self.shard.groups.describe_consumer(GROUP, &self.shard.cluster);
        let known: Vec<&str> = described.members.iter().map(|member| member.member_id.as_str()).collect();
        let mut seen = BTreeMap::new();
        for client in self.clients.iter().filter(|client| known.contains(&client.id.as_str())) {
            for partition in &client.has {
                let other = seen.insert(*partition, &client.id);
                assert_eq!(other, None, "{partition:?} is with two members");
            }
        }
    }

    /// Nothing more happens: everybody follows.
    fn settle(&mut self) {
        for client in &mut self.clients {
            (client.topics, client.tells_all) = (TOPICS.to_vec(), true);
        }
        for _ in 0..12 {
            self.shard.pass(2_000);
            for index in 0..self.clients.len() {
                self.beat(index, false);
                self.give_away(index);
                self.check();
            }
        }
        let sizes: Vec<usize> = self.clients.iter().map(|client| client.has.len()).collect();
        let total: i32 = self.partitions.iter().sum();
        if self.clients.is_empty() {
            return;
        }
        assert_eq!(sizes.iter().sum::<usize>(), total as usize, "everything is with somebody");
        assert_eq!(self.shard.groups.consumer(GROUP).map(ConsumerGroup::state), Some(ConsumerState::Stable));
        let range = self.clients.iter().filter(|client| client.range).count();
        let least = sizes.iter().min().expect("a member");
        if range * 2 < self.clients.len() && range == 0 {
            assert!(sizes.iter().all(|size| size - least <= 1), "{sizes:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_partition_is_with_two_members_and_all_are_shared_out(
        events in prop::collection::vec(event(), 0..90),
    ) {
        let mut world = World::new();
        for event in &events {
            world.step(event);
        }
        world.settle();
    }
}
