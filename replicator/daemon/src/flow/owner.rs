//! One instance writes for a flow: it says so in the state topic at an interval, and another one takes over when the
//! signs of life end. Who was taken over stops.

use std::time::Duration;

use strait_replicator_core::state_record::{Key, Owner, Value};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{error, info, warn};

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

/// An instance's claim on a flow.
pub(super) struct Ownership {
    state: StateTopic,
    view: StateView,
    flow: String,
    instance: String,
    pub(super) generation: i64,
    restored: u64,
    lease: watch::Sender<Lease>,
}

impl Ownership {
    /// Waits until the flow has no other living owner, and claims it. `on_standby` is told of who owns it.
    pub(super) async fn acquire(
        state: StateTopic,
        flow: String,
        instance: String,
        mut on_standby: impl FnMut(&str),
    ) -> Result<Self, StateError> {
        let mut view = StateView::default();
        let mut seen = (0, Instant::now());
        loop {
            let looked_at = Instant::now();
            state.catch_up(&mut view, Isolation::OutsideTransactions).await?;
            let signs = view.state.signs_of_life(&flow);
            if signs != seen.0 {
                seen = (signs, looked_at);
            }
            let owner = view.state.owner(&flow);
            let is_gone = looked_at.duration_since(seen.1) > GONE_AFTER;
            match &owner {
                Some(owner) if owner.instance != instance && !owner.instance.is_empty() && !is_gone => {
                    on_standby(&owner.instance);
                    tokio::time::sleep(STANDBY_INTERVAL).await;
                    continue;
                }
                Some(_) | None => {}
            }
            let generation = owner.map_or(1, |owner| owner.generation + 1);
            let claim = Owner { instance: instance.clone(), generation };
            state.write(vec![owner_record(&flow, &claim)]).await?;
            state.catch_up(&mut view, Isolation::OutsideTransactions).await?;
            if view.state.owner(&flow) == Some(claim) {
                info!(%flow, %instance, generation, "this instance owns the flow");
                let (lease, _) =
                    watch::channel(Lease { verified_at: looked_at, is_fenced: false, restored: 0 });
                return Ok(Self { state, view, flow, instance, generation, restored: 0, lease });
            }
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
                warn!(flow = %self.flow, %error, "ownership can't be confirmed, retrying");
                return false;
            }
        };
        if is_fenced {
            let owner = self.view.state.owner(&self.flow);
            error!(flow = %self.flow, instance = %self.instance, generation = self.generation, ?owner, "fenced: another instance took the flow over");
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
            error!(flow = %self.flow, %error, "the target lost state of this flow");
            self.view = self.state.restore(&self.view.state, &self.flow).await?;
            self.restored += 1;
        }
        let claim = Owner { instance: self.instance.clone(), generation: self.generation };
        if self.view.state.owner(&self.flow).as_ref() != Some(&claim) {
            return Ok(false);
        }
        // A topic that is gone is seen at the next look, so this must not wait for it.
        self.state.write_once(&[owner_record(&self.flow, &claim)]).await?;
        Ok(true)
    }

    /// Lets another instance take over at once.
    pub(super) async fn release(self) {
        let released = Owner { instance: String::new(), generation: self.generation + 1 };
        if let Err(error) = self.state.write(vec![owner_record(&self.flow, &released)]).await {
            warn!(flow = %self.flow, %error, "ownership is not given back, another instance waits until it has ended");
        }
    }
}

fn owner_record(flow: &str, owner: &Owner) -> (Key, Value) {
    let value = Value::Owner { instance: owner.instance.clone(), generation: owner.generation };
    (Key::Owner { flow: flow.to_owned() }, value)
}
