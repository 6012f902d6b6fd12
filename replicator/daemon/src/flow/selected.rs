//! Which topics of the source a flow copies.

use strait_client::{Metadata, Topic};
use strait_replicator_core::selection::FlowSelection;

/// Topics that are selected and that the source tells of.
pub(super) fn selected_topics<'a>(
    selection: &FlowSelection,
    source: &'a Metadata,
) -> impl Iterator<Item = &'a Topic> {
    source.topics.values().filter(move |topic| {
        !topic.is_internal && topic.error.is_ok() && selection.selects(&topic.name).is_selected()
    })
}
