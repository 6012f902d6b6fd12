//! Random members: one leader for each generation, one answer for each request, and the log gives the same groups.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Event {
    New,
    Join(usize),
    JoinOther(usize),
    Named(u8),
    Sync(usize),
    Heartbeat(usize),
    Leave(usize),
    Commit(usize, i64),
    CommitInTransaction(i64, i64),
    End(i64, bool),
    Pass(i64),
    ExpireOffsets,
}

fn event() -> impl Strategy<Value = Event> {
    let member = 0_usize..6;
    prop_oneof![
        2 => Just(Event::New),
        4 => member.clone().prop_map(Event::Join),
        1 => member.clone().prop_map(Event::JoinOther),
        1 => (0_u8..2).prop_map(Event::Named),
        5 => member.clone().prop_map(Event::Sync),
        3 => member.clone().prop_map(Event::Heartbeat),
        1 => member.clone().prop_map(Event::Leave),
        2 => (member, 0_i64..50).prop_map(|(member, offset)| Event::Commit(member, offset)),
        1 => (0_i64..2, 0_i64..50).prop_map(|(producer, offset)| Event::CommitInTransaction(producer, offset)),
        1 => (0_i64..2, any::<bool>()).prop_map(|(producer, commit)| Event::End(producer, commit)),
        3 => prop_oneof![0_i64..4_000, 4_000_i64..70_000].prop_map(Event::Pass),
        1 => Just(Event::ExpireOffsets),
    ]
}

/// The log, with the ends of transactions.
enum Entry {
    Records(usize),
    End(i64, bool),
}

struct World {
    shard: Shard,
    ids: Vec<String>,
    leaders: BTreeMap<i32, String>,
    seen: BTreeSet<Token>,
    entries: Vec<Entry>,
}

impl World {
    fn id(&self, index: usize) -> String {
        self.ids.get(index % self.ids.len().max(1)).cloned().unwrap_or_else(|| "none".to_owned())
    }

    fn step(&mut self, event: &Event) {
        let shard = &mut self.shard;
        match *event {
            Event::New => {
                shard.join(&ask(""));
            }
            Event::Named(instance) => {
                shard.join(&named(if instance == 0 { "i" } else { "j" }));
            }
            Event::Join(member) => {
                let id = self.id(member);
                self.shard.join(&ask(&id));
            }
            Event::JoinOther(member) => {
                let id = self.id(member);
                let protocols = vec![("range", subscription(&["u"]))];
                self.shard.join(&Ask { protocols, ..ask(&id) });
            }
            Event::Sync(member) => {
                let (id, generation) = (self.id(member), self.shard.generation());
                self.shard.sync(&id, generation, &[(&id, "x")]);
            }
            Event::Heartbeat(member) => {
                let (id, generation) = (self.id(member), self.shard.generation());
                self.shard.heartbeat(&id, generation);
            }
            Event::Leave(member) => {
                let id = self.id(member);
                self.shard.leave(&[(&id, None)]);
            }
            Event::Commit(member, offset) => {
                let (id, generation) = (self.id(member), self.shard.generation());
                self.shard.commit(&id, generation, offset);
            }
            Event::CommitInTransaction(producer_id, offset) => {
                shard.commit_in_transaction(producer_id, offset);
            }
            Event::End(producer_id, commit) => {
                self.entries.push(Entry::Records(self.shard.log.len()));
                self.entries.push(Entry::End(producer_id, commit));
                self.shard.groups.end_transaction(producer_id, commit);
            }
            Event::Pass(ms) => shard.pass(ms),
            Event::ExpireOffsets => {
                let effects = shard.groups.expire_offsets(shard.now_ms);
                shard.perform(effects, None);
            }
        }
        self.learn();
    }

    /// Members learn their ids; no generation has two leaders. A group that was deleted begins anew.
    fn learn(&mut self) {
        if self.shard.groups.classic(GROUP).is_none() {
            self.leaders.clear();
        }
        for (token, answer) in &self.shard.answers {
            let Answer::Join(answer) = answer else { continue };
            if !self.seen.insert(*token) {
                continue;
            }
            if !answer.member_id.is_empty() && !self.ids.contains(&answer.member_id) {
                self.ids.push(answer.member_id.clone());
            }
            // A leader that came back under a new id is told not to assign.
            if answer.error_code == 0 && answer.leader == answer.member_id && !answer.skip_assignment {
                let leader = self.leaders.entry(answer.generation_id).or_insert(answer.leader.clone());
                assert_eq!(*leader, answer.leader, "two leaders in generation {}", answer.generation_id);
            }
        }
    }

    fn reloaded(&self) -> Groups {
        let mut groups = Groups::new(self.shard.groups.settings);
        let mut read = 0;
        for entry in self.entries.iter().chain([&Entry::Records(self.shard.log.len())]) {
            match *entry {
                Entry::End(producer_id, commit) => groups.end_transaction(producer_id, commit),
                Entry::Records(end) => {
                    for (record, producer_id) in &self.shard.log[read..end] {
                        let encoded = record.encode().expect("encodes");
                        let record =
                            GroupRecord::decode(&encoded.key, encoded.value.as_ref()).expect("decodes");
                        groups.replay(record.expect("known"), *producer_id);
                    }
                    read = end;
                }
            }
        }
        groups
    }
}

proptest! {
    #[test]
    fn one_leader_for_each_generation_and_the_log_gives_the_same_groups(
        events in prop::collection::vec(event(), 0..80),
    ) {
        let (shard, ids) = (Shard::new(), Vec::new());
        let mut world =
            World { shard, ids, leaders: BTreeMap::new(), seen: BTreeSet::new(), entries: Vec::new() };
        for event in &events {
            world.step(event);
            let live = &world.shard.groups;
            let reloaded = world.reloaded();
            prop_assert_eq!(reloaded.offsets(), live.offsets());
            let is_settled = |group: &ClassicGroup| matches!(group.state(), State::Stable | State::Empty);
            if let Some(group) = live.classic(GROUP).filter(|group| is_settled(group)) {
                let same = reloaded.classic(GROUP).map(ClassicGroup::describe);
                if group.member_count() > 0 || same.is_some() {
                    prop_assert_eq!(same, Some(group.describe()));
                }
            }
        }
        let waiting = world.shard.tokens as usize - world.shard.answers.len();
        let groups = std::mem::replace(&mut world.shard.groups, Groups::new(GroupSettings::default()));
        let effects = groups.unload();
        prop_assert_eq!(effects.answers.len(), waiting, "each waiting request is answered once");
        world.shard.perform(effects, None);
    }
}
