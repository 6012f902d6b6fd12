//! One instance writes for a flow, or for each of its shares: it says so in the state topic at an interval, and another one takes over when the
//! signs of life end. Who was taken over stops.

use std::collections::BTreeMap;
use std::time::Duration;

use strait_replicator_core::shares::Part;
use strait_replicator_core::state_record::{Key, Owner, State, Value};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::witness::Witness;
use crate::state_topic::{Isolation, StateError, StateTopic, StateView};

/// Between signs of life.
const SIGN_INTERVAL: Duration = Duration::from_secs(1);
/// Nothing is written when the last look at the state topic began longer ago.
const VALID_FOR: Duration = Duration::from_secs(5);
/// Another instance's flow is taken over when it gave no sign of life for so long.
const GONE_AFTER: Duration = Duration::from_secs(8);
/// Between looks while another instance owns the flow.
const STANDBY_INTERVAL: Duration = Duration::from_secs(1);

/// Whether this instance may write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    verified_at: Instant,
    pub(super) is_fenced: bool,
    /// How often state that was lost at the target was written again: positions in it are not the newest.
    pub(super) restored: u64,
}

impl Lease {
    pub(super) fn is_valid_at(self, now: Instant) -> bool {
        !self.is_fenced && now.duration_since(self.verified_at) < VALID_FOR
    }
}

/// An instance's claim on a part of a flow.
pub(super) struct Ownership {
    state: StateTopic,
    view: StateView,
    part: Part,
    instance: String,
    pub(super) generation: i64,
    restored: u64,
    lease: watch::Sender<Lease>,
}

/// Who waits for a part, and how long others have been silent.
struct Waiting {
    part: Part,
    instance: String,
    witness: Witness,
    /// By owner: how many signs of life there were, and since when.
    seen: BTreeMap<String, (u64, Instant)>,
}

impl Waiting {
    /// The instance that must be waited for, if there is one: it owns the part, or one that must not run beside it.
    fn living_owner(&mut self, state: &State, looked_at: Instant) -> Option<String> {
        let own = state.owner(&self.part.to_string()).map(|owner| (self.part.clone(), owner));
        let owners: Vec<(Part, Owner)> = own.into_iter().chain(state.rivals(&self.part)).collect();
        let mut living = None;
        for (part, owner) in owners {
            let name = part.to_string();
            let signs = state.signs_of_life(&name);
            let seen = self.seen.entry(name.clone()).or_insert((signs, looked_at));
            if signs != seen.0 {
                *seen = (signs, looked_at);
            }
            let silence = looked_at.duration_since(seen.1).max(self.witness.silence(&name, &owner));
            let is_other = owner.instance != self.instance && !owner.instance.is_empty();
            if is_other && silence <= GONE_AFTER {
                living = Some(owner.instance);
            }
        }
        living
    }
}

impl Ownership {
    /// Waits until the part has no other living owner, and claims it. `on_standby` is told of who owns it.
    pub(super) async fn acquire(
        state: StateTopic,
        part: Part,
        instance: String,
        witness: Witness,
        mut on_standby: impl FnMut(&str),
    ) -> Result<Self, StateError> {
        let mut view = StateView::default();
        let mut waiting =
            Waiting { part: part.clone(), instance: instance.clone(), witness, seen: BTreeMap::new() };
        loop {
            let looked_at = Instant::now();
            state.catch_up(&mut view, Isolation::OutsideTransactions).await?;
            if let Some(owner) = waiting.living_owner(&view.state, looked_at) {
                on_standby(&owner);
                tokio::time::sleep(STANDBY_INTERVAL).await;
                continue;
            }
            let generation = view.state.next_generation(&part.flow);
            let claim = Owner { instance: instance.clone(), generation };
            state.write(vec![owner_record(&part, &claim)]).await?;
            state.catch_up(&mut view, Isolation::OutsideTransactions).await?;
            if view.state.owner(&part.to_string()) != Some(claim) {
                continue;
            }
            let (lease, _) = watch::channel(Lease { verified_at: looked_at, is_fenced: false, restored: 0 });
            let (part, instance) = (part.clone(), instance.clone());
            let view_of_claim = std::mem::take(&mut view);
            let claimed = Self {
                state: state.clone(),
                view: view_of_claim,
                part,
                instance,
                generation,
                restored: 0,
                lease,
            };
            // Two who split the flow in different ways may claim at once: the later of them sees both claims.
            if let Some(owner) = waiting.living_owner(&claimed.view.state, looked_at) {
                on_standby(&owner);
                claimed.release().await;
                tokio::time::sleep(STANDBY_INTERVAL).await;
                continue;
            }
            info!(flow = %claimed.part, instance = %claimed.instance, generation, "this instance owns the flow");
            return Ok(claimed);
        }
    }

    pub(super) fn lease(&self) -> watch::Receiver<Lease> {
        self.lease.subscribe()
    }

    /// Gives signs of life until another instance has taken the flow over.
    pub(super) async fn keep(&mut self) {
        loop {
            tokio::time::sleep(SIGN_INTERVAL).await;
            if self.is_fenced().await {
                return;
            }
        }
    }

    /// Whether another instance has taken the flow over, as far as the target can be asked.
    pub(super) async fn is_fenced(&mut self) -> bool {
        if self.lease.borrow().is_fenced {
            return true;
        }
        let verified_at = Instant::now();
        let is_fenced = match self.look().await {
            Ok(is_ours) => !is_ours,
            Err(error) => {
                warn!(flow = %self.part, %error, "ownership can't be confirmed, retrying");
                return false;
            }
        };
        if is_fenced {
            let owner = self.view.state.owner(&self.part.to_string());
            error!(flow = %self.part, instance = %self.instance, generation = self.generation, ?owner, "fenced: another instance took the flow over");
        }
        let restored = self.restored;
        self.lease.send_replace(Lease { verified_at, is_fenced, restored });
        is_fenced
    }

    /// True while the flow is this instance's; a sign of life is given then.
    async fn look(&mut self) -> Result<bool, StateError> {
        if let Err(error) = self.state.follow(&mut self.view, Isolation::OutsideTransactions).await {
            if !self.state.has_lost(&error).await? {
                return Err(error);
            }
            error!(flow = %self.part, %error, "the target lost state of this flow");
            self.view = self.state.restore(&self.view.state, &self.part).await?;
            self.restored += 1;
        }
        let claim = Owner { instance: self.instance.clone(), generation: self.generation };
        let state = &self.view.state;
        let is_ours = state.owner(&self.part.to_string()).as_ref() == Some(&claim);
        let is_newer = |owner: &Owner| owner.generation > self.generation && !owner.instance.is_empty();
        if !is_ours || state.rivals(&self.part).any(|(_, owner)| is_newer(&owner)) {
            return Ok(false);
        }
        let mut records = state.contested(&self.part.flow);
        records.push(owner_record(&self.part, &claim));
        // A topic that is gone is seen at the next look, so this must not wait for it.
        self.state.write_once(&records).await?;
        Ok(true)
    }

    /// Lets another instance take over at once.
    pub(super) async fn release(self) {
        let released = Owner { instance: String::new(), generation: self.generation + 1 };
        if let Err(error) = self.state.write(vec![owner_record(&self.part, &released)]).await {
            warn!(flow = %self.part, %error, "ownership is not given back, another instance waits until it has ended");
        }
    }
}

fn owner_record(part: &Part, owner: &Owner) -> (Key, Value) {
    let value = Value::Owner { instance: owner.instance.clone(), generation: owner.generation };
    (Key::Owner { flow: part.to_string() }, value)
}
