//! What the topic lost is written again: from a running reader's memory, or from the copy in the data folder.

use strait_replicator_core::shares::Part;
use strait_replicator_core::state_record::{Key, State, Value};
use strait_wire::error_code::ErrorCode;
use tracing::warn;

use super::read::{Isolation, StateView};
use super::{STATE_PARTITION, StateError, StateTopic, create};

impl StateTopic {
    /// Whether an error of a reader means that the topic no longer has what was read of it: it is gone, was made again, or
    /// lost records.
    pub(crate) async fn has_lost(&self, error: &StateError) -> Result<bool, StateError> {
        if matches!(error, StateError::Lost { .. }) {
            return Ok(true);
        }
        let metadata = self.cluster.refresh(Some(&[self.name().to_owned()])).await?;
        let topic = metadata.topics.get(self.name());
        Ok(topic.is_none_or(|topic| topic.error == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))
    }

    /// Makes the topic where it is gone, and writes what was known of a part and is not in it. Gives what it says then.
    pub(crate) async fn restore(&self, known: &State, part: &Part) -> Result<StateView, StateError> {
        let name = self.name();
        create(&self.cluster, name, self.replication_factor).await?;
        let without_copy = Self { store: None, ..self.clone() };
        let mut view = StateView::default();
        without_copy.catch_up(&mut view, Isolation::OutsideTransactions).await?;
        let flow = part.to_string();
        let mut lost = missing(known, &view.state, |key| key.is_of(part));
        let generation = |state: &State| state.owner(&flow).map(|owner| owner.generation);
        if generation(&view.state) < generation(known) {
            // Who claimed it meanwhile saw nothing of what was there.
            let owner = Key::Owner { flow: flow.clone() };
            lost.extend(known.get(&owner).map(|value| (owner.clone(), value.clone())));
        }
        let (partition, records) = (STATE_PARTITION, lost.len());
        warn!(topic = name, partition, flow, records, "state that was lost at the target is written again");
        self.write(lost).await?;
        without_copy.catch_up(&mut view, Isolation::OutsideTransactions).await?;
        Ok(view)
    }

    /// The data folder may have a copy of an earlier topic of this name, which is gone: what it says and the new one does
    /// not is written into that.
    pub(super) async fn adopt_copy(&self) -> Result<(), StateError> {
        let topic_id = self.leader().await?.topic_id;
        let Some((store, topic)) = self.copy(topic_id) else { return Ok(()) };
        let copy = store.orphan(&topic).unwrap_or_else(|error| {
            warn!(%error, "the copy of an earlier state topic can't be read");
            None
        });
        let Some((earlier, state, has_gap)) = copy else { return Ok(()) };
        let mut view = StateView::default();
        self.catch_up(&mut view, Isolation::OutsideTransactions).await?;
        let lost = missing(&state, &view.state, |_| true);
        if !lost.is_empty() {
            let (partition, records) = (STATE_PARTITION, lost.len());
            warn!(
                topic = self.name(),
                partition, records, has_gap, "the topic was made again, it gets what a copy of it knows"
            );
            self.write(lost).await?;
        }
        if let Err(error) = store.forget(&earlier) {
            warn!(%error, "the copy of an earlier state topic can't be removed");
        }
        Ok(())
    }
}

fn missing(known: &State, now: &State, is_wanted: impl Fn(&Key) -> bool) -> Vec<(Key, Value)> {
    let lost = known.iter().filter(|(key, _)| is_wanted(key) && now.get(key).is_none());
    lost.map(|(key, value)| (key.clone(), value.clone())).collect()
}
