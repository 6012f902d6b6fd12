//! Where batches of the source came from: which of its producer ids are flows', and from which cluster they copy.

use std::collections::{BTreeMap, HashMap};

use strait_client::Cluster;
use strait_replicator_core::lane::{Identities, Identity, Origin};
use strait_replicator_core::state_record::{Key, Value};
use tracing::{info, warn};

use crate::configuration::{Delivery, Flow};
use crate::state_topic::{Isolation, StateError, StateTopic, StateView};

/// What becomes of a producer's batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Copied, under the producer id of this origin.
    Copy(Origin),
    /// They come from the target: dropped.
    Return,
}

/// Verdicts kept, before all are asked for anew.
const KNOWN_PRODUCERS: usize = 65_536;

/// Verdicts by producer id of the source.
#[derive(Debug, Default)]
pub(super) struct Verdicts(HashMap<i64, Verdict>);

impl Verdicts {
    /// `None`: not known yet.
    pub(super) fn of(&self, producer_id: i64) -> Option<Verdict> {
        if producer_id < 0 { Some(Verdict::Copy(Origin::SOURCE)) } else { self.0.get(&producer_id).copied() }
    }

    pub(super) fn learn(&mut self, verdicts: Vec<(i64, Verdict)>) {
        if self.0.len() + verdicts.len() > KNOWN_PRODUCERS {
            self.0.clear();
        }
        self.0.extend(verdicts);
    }
}

/// Reads the source's state topic and keeps a producer id for each origin at the target.
pub(super) struct Provenance {
    flow: String,
    target: Cluster,
    target_cluster_id: String,
    source_cluster_id: String,
    source_state: StateTopic,
    view: StateView,
    target_state: StateTopic,
    identities: Identities,
    /// Cluster ids by number; the first is the source's.
    origins: Vec<String>,
    /// Whether batches are written under a producer id of their origin.
    keeps_origins: bool,
}

/// What a look at the source's state topic brought.
pub(super) struct Classified {
    pub(super) verdicts: Vec<(i64, Verdict)>,
    pub(super) identities: Identities,
    pub(super) origins: Vec<String>,
}

/// The ends of a flow that provenance looks at.
#[derive(Clone)]
pub(super) struct Ends {
    pub(super) source: Cluster,
    pub(super) source_cluster_id: String,
    pub(super) target: Cluster,
    pub(super) target_cluster_id: String,
}

impl Provenance {
    pub(super) fn new(
        flow: &Flow,
        ends: Ends,
        target_state: StateTopic,
        identities: Identities,
        origins: Vec<String>,
    ) -> Self {
        Self {
            keeps_origins: flow.delivery != Delivery::AtLeastOnce,
            flow: flow.id(),
            target: ends.target,
            target_cluster_id: ends.target_cluster_id,
            source_cluster_id: ends.source_cluster_id,
            source_state: StateTopic::of(ends.source),
            view: StateView::default(),
            target_state,
            identities,
            origins,
        }
    }

    /// The verdict on each producer. A flow publishes its id before it first writes, so what the topic does not
    /// name at the end is no flow's.
    pub(super) async fn classify(&mut self, producer_ids: &[i64]) -> Result<Classified, StateError> {
        if self.source_state.exists().await? {
            self.source_state.catch_up(&mut self.view, Isolation::OutsideTransactions).await?;
        }
        let flows = self.producers_of_flows();
        let mut verdicts = Vec::with_capacity(producer_ids.len());
        for producer_id in producer_ids {
            let verdict = match flows.get(producer_id) {
                None => Verdict::Copy(Origin::SOURCE),
                Some(origin) if *origin == self.target_cluster_id => Verdict::Return,
                Some(_) if !self.keeps_origins => Verdict::Copy(Origin::SOURCE),
                Some(origin) => Verdict::Copy(self.origin(&origin.clone()).await?),
            };
            verdicts.push((*producer_id, verdict));
        }
        Ok(Classified { verdicts, identities: self.identities.clone(), origins: self.origins.clone() })
    }

    /// Producer ids at the source with the cluster that their records were first produced to.
    fn producers_of_flows(&self) -> BTreeMap<i64, String> {
        let entries = self.view.state.iter().filter_map(|(key, value)| match (key, value) {
            (
                Key::Producer { origin_cluster_id, .. },
                Value::Producer { producer_id, target_cluster_id, .. },
            ) if *target_cluster_id == self.source_cluster_id => {
                Some((*producer_id, origin_cluster_id.clone()))
            }
            _ => None,
        });
        entries.collect()
    }

    /// The number of an origin, with a producer id at the target that is published before it is used.
    async fn origin(&mut self, cluster_id: &str) -> Result<Origin, StateError> {
        let known = self.origins.iter().position(|known| known == cluster_id);
        let index = known.unwrap_or(self.origins.len());
        let Ok(number) = u16::try_from(index) else {
            warn!(flow = %self.flow, cluster_id, "too many origins, its records are copied as the source's own");
            return Ok(Origin::SOURCE);
        };
        let origin = Origin(number);
        if known.is_none() {
            self.origins.push(cluster_id.to_owned());
        }
        if self.identities.of(origin).is_none() {
            let identity = new_producer(&self.target).await?;
            let entry = producer_entry(&self.flow, cluster_id, false, identity, &self.target_cluster_id);
            let key = entry.0.clone();
            self.target_state.write(vec![entry]).await?;
            let identity = self.published(&key).await?.unwrap_or(identity);
            info!(flow = %self.flow, cluster_id, producer_id = identity.producer_id, "records of another flow's source get a producer id");
            self.identities.set(origin, identity);
        }
        Ok(origin)
    }

    /// The producer id that counts: another share may have published one before.
    async fn published(&self, key: &Key) -> Result<Option<Identity>, StateError> {
        let mut view = StateView::default();
        self.target_state.catch_up(&mut view, Isolation::OutsideTransactions).await?;
        Ok(match view.state.get(key) {
            Some(Value::Producer { producer_id, producer_epoch, target_cluster_id })
                if *target_cluster_id == self.target_cluster_id =>
            {
                Some(Identity { producer_id: *producer_id, producer_epoch: *producer_epoch })
            }
            _ => None,
        })
    }
}

/// A producer id of the target, never used before.
pub(super) async fn new_producer(target: &Cluster) -> Result<Identity, StateError> {
    let new = target.init_producer_id().await?;
    Ok(Identity { producer_id: new.producer_id, producer_epoch: new.producer_epoch })
}

/// The record that publishes a producer id.
pub(super) fn producer_entry(
    flow: &str,
    origin_cluster_id: &str,
    transactional: bool,
    identity: Identity,
    target_cluster_id: &str,
) -> (Key, Value) {
    let key = Key::Producer {
        flow: flow.to_owned(),
        origin_cluster_id: origin_cluster_id.to_owned(),
        transactional,
    };
    let value = Value::Producer {
        producer_id: identity.producer_id,
        producer_epoch: identity.producer_epoch,
        target_cluster_id: target_cluster_id.to_owned(),
    };
    (key, value)
}
