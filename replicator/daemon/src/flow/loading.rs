//! What a flow left in the state topic: its producer ids, positions, losses, rules of access, quotas and users.

use std::collections::BTreeMap;

use strait_replicator_core::lane::{Identities, Identity, Origin, Position};
use strait_replicator_core::offset_map::OffsetMap;
use strait_replicator_core::shares::Part;
use strait_replicator_core::state_record::{Key, State, StoredPosition, Value};
use tracing::{error, info, warn};

use super::acls::MadeAcls;
use super::assignment::PartitionName;
use super::map_topic::{MapTopic, StoredChunks};
use super::planner::position_of;
use super::principals::MadePrincipals;
use super::provenance::{Ends, new_producer, producer_entry};
use crate::configuration::{Delivery, Flow};
use crate::state_topic::{Isolation, StateError, StateTopic, StateView};
use crate::status::LedgerEntry;

/// What the state topic says of a flow.
pub(super) struct Loaded {
    pub(super) identities: Identities,
    /// Cluster ids by number; the first is the source's.
    pub(super) origins: Vec<String>,
    pub(super) positions: BTreeMap<PartitionName, Position>,
    pub(super) losses: Vec<LedgerEntry>,
    pub(super) acls: MadeAcls,
    pub(super) principals: MadePrincipals,
    /// Chunks of the partitions' offset maps.
    pub(super) chunks: StoredChunks,
    /// The state topic's beginning is gone: partitions without a position may have had one.
    pub(super) has_lost_positions: bool,
}

pub(super) async fn load(
    state: &StateTopic,
    map_topic: &MapTopic,
    flow: &Flow,
    (part, generation): (&Part, i64),
    ends: &Ends,
) -> Result<Loaded, StateError> {
    let mut view = StateView::default();
    state.catch_up(&mut view, Isolation::OutsideTransactions).await?;
    fence_transactions(&view.state, part, ends, state).await?;
    let mut view = StateView::default();
    state.catch_up(&mut view, Isolation::Committed).await?;
    check(&view, state, flow, part)?;
    if view.is_bridged {
        let known = view.state.iter().filter(|(key, _)| key.is_of(part));
        state.write(known.map(|(key, value)| (key.clone(), value.clone())).collect()).await?;
    }
    state.keep_copy(&view);
    let (identities, origins) = identities(&mut view, state, flow, ends).await?;
    if part.share.is_some() {
        // What an earlier owner of a partition, perhaps in another share, still writes is older from now on.
        state.write(renewed(&view.state, part, ends, generation)).await?;
    }
    let mut chunks = chunks(map_topic, flow).await;
    chunks.retain(|name, _| part.has(&name.topic, name.partition));
    let mut loaded = Loaded {
        identities,
        origins,
        positions: BTreeMap::new(),
        losses: Vec::new(),
        acls: MadeAcls::new(),
        principals: MadePrincipals::new(),
        chunks,
        has_lost_positions: view.has_gap,
    };
    for (key, value) in view.state.iter().filter(|(key, _)| key.is_of(part)) {
        match (key, value) {
            (Key::Position { flow: of, source_cluster_id, topic, partition }, Value::Position(stored))
                if *of == flow.id() && *source_cluster_id == ends.source_cluster_id =>
            {
                let name = PartitionName { topic: topic.clone(), partition: *partition };
                say_unreadable_map(&flow.id(), &name, &stored.map);
                loaded.positions.insert(name, position_of(stored, &loaded.origins));
            }
            (
                Key::Loss { flow: of, source_cluster_id, topic, partition, first_offset },
                Value::Loss { reason, last_offset, at_ms },
            ) if *of == flow.id() && *source_cluster_id == ends.source_cluster_id => {
                loaded.losses.push(LedgerEntry {
                    topic: topic.clone(),
                    partition: *partition,
                    reason: reason.clone(),
                    first_offset: *first_offset,
                    last_offset: *last_offset,
                    at_ms: *at_ms,
                });
            }
            (Key::Acl { flow: of, source_cluster_id, acl }, Value::Acl(origin))
                if *of == flow.id() && *source_cluster_id == ends.source_cluster_id =>
            {
                loaded.acls.insert(acl.clone(), origin.clone());
            }
            (
                Key::Principal { flow: of, source_cluster_id, principal },
                Value::Principal { origin_cluster_id },
            ) if *of == flow.id() && *source_cluster_id == ends.source_cluster_id => {
                loaded.principals.insert(principal.clone(), origin_cluster_id.clone());
            }
            _ => {}
        }
    }
    Ok(loaded)
}

/// Positions of a part's partitions as its new owner writes them.
fn renewed(state: &State, part: &Part, ends: &Ends, generation: i64) -> Vec<(Key, Value)> {
    let positions = state.iter().filter_map(|(key, value)| match (key, value) {
        (Key::Position { source_cluster_id, .. }, Value::Position(position))
            if key.is_of(part) && *source_cluster_id == ends.source_cluster_id =>
        {
            Some((key.clone(), Value::Position(StoredPosition { generation, ..position.clone() })))
        }
        _ => None,
    });
    positions.collect()
}

/// Without its producer id or a position a flow would copy again what is at the target.
fn check(view: &StateView, state: &StateTopic, flow: &Flow, part: &Part) -> Result<(), StateError> {
    let of_part = |key: &&Key| key.is_of(part);
    let is_needed = |key: &Key| {
        matches!(key, Key::Producer { .. } | Key::Position { .. }) && view.state.get(key).is_none()
    };
    let unreadable = view.unreadable.iter().find(|(key, _)| of_part(key) && is_needed(key));
    if let Some((_, (offset, source))) = unreadable {
        return Err(StateError::Record { topic: state.name(), offset: *offset, source: *source });
    }
    let has = |is_so: fn(&Key) -> bool| view.state.iter().any(|(key, _)| of_part(&key) && is_so(key));
    let has_positions = has(|key| matches!(key, Key::Position { .. }));
    let has_producer = has(|key| matches!(key, Key::Producer { transactional: false, .. }));
    let needs_producer = has_positions && flow.delivery != Delivery::AtLeastOnce;
    if view.has_gap && needs_producer && !has_producer {
        let reason = "the producer id of the flow is gone, which its positions need".to_owned();
        return Err(StateError::Lost { topic: state.name(), reason });
    }
    Ok(())
}

/// The map begins anew at the position then: what lies before is not translated.
fn say_unreadable_map(flow: &str, name: &PartitionName, map: &bytes::Bytes) {
    if !map.is_empty()
        && let Err(error) = OffsetMap::restore(map)
    {
        let PartitionName { topic, partition } = name;
        error!(flow, topic, partition, %error, "the offset map can't be read, offsets before the position are not translated");
    }
}

/// Copying does not need them: without them old offsets are not translated.
async fn chunks(map_topic: &MapTopic, flow: &Flow) -> StoredChunks {
    map_topic.read().await.unwrap_or_else(|error| {
        warn!(flow = %flow.id(), %error, "chunks of offset maps can't be read, their offsets are not translated");
        StoredChunks::new()
    })
}

/// A part that ever used transactions may have left one open: it is ended, so that positions can be read. The first
/// share ends those of parts that the flow no longer has.
async fn fence_transactions(
    known: &State,
    part: &Part,
    ends: &Ends,
    state: &StateTopic,
) -> Result<(), StateError> {
    for (key, _) in known.iter() {
        let Key::Producer { flow: name, origin_cluster_id: origin, transactional: true } = key else {
            continue;
        };
        let Ok(of) = name.parse::<Part>() else { continue };
        let is_gone = part.is_first() && part.excludes(&of);
        if *origin != ends.source_cluster_id || !(of == *part || is_gone) {
            continue;
        }
        let coordinator = super::lane::coordinator(&ends.target, &of, &ends.source_cluster_id);
        let fenced = super::lane::initialize(&coordinator, state, &of, origin, &ends.target_cluster_id);
        fenced.await.map_err(super::lane::TransactionError::into_state)?;
    }
    Ok(())
}

/// The flow's producer ids: asked from the target once, kept for ever.
async fn identities(
    view: &mut StateView,
    state: &StateTopic,
    flow: &Flow,
    ends: &Ends,
) -> Result<(Identities, Vec<String>), StateError> {
    let mut origins = vec![ends.source_cluster_id.clone()];
    if flow.delivery == Delivery::AtLeastOnce {
        // No batch carries a producer.
        return Ok((Identities::default(), origins));
    }
    let mut stored = published(&view.state, flow, ends);
    if !stored.contains_key(&ends.source_cluster_id) {
        let identity = new_producer(&ends.target).await?;
        let (origin, target) = (&ends.source_cluster_id, &ends.target_cluster_id);
        // The id is on the target before it is used, and of several that shares publish at once the first counts.
        state.write(vec![producer_entry(&flow.id(), origin, false, identity, target)]).await?;
        state.catch_up(view, Isolation::Committed).await?;
        stored = published(&view.state, flow, ends);
        info!(flow = %flow.id(), producer_id = identity.producer_id, "producer id is published");
    }
    let missing =
        || StateError::Lost { topic: state.name(), reason: "a producer id just written".to_owned() };
    let own = stored.remove(&ends.source_cluster_id).ok_or_else(missing)?;
    let mut identities = Identities::new(own);
    for (origin, identity) in stored.into_iter().take(usize::from(u16::MAX)) {
        let number = u16::try_from(origins.len()).unwrap_or(u16::MAX);
        identities.set(Origin(number), identity);
        origins.push(origin);
    }
    Ok((identities, origins))
}

/// Published producer ids of the flow at this target, by origin.
fn published(state: &State, flow: &Flow, ends: &Ends) -> BTreeMap<String, Identity> {
    let published = state.iter().filter_map(|(key, value)| match (key, value) {
        (
            Key::Producer { flow: of, origin_cluster_id, transactional: false },
            Value::Producer { producer_id, producer_epoch, target_cluster_id },
        ) if *of == flow.id() && *target_cluster_id == ends.target_cluster_id => {
            let identity = Identity { producer_id: *producer_id, producer_epoch: *producer_epoch };
            Some((origin_cluster_id.clone(), identity))
        }
        _ => None,
    });
    published.collect()
}
