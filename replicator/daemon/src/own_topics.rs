//! Names of our own topics on a target. They begin with `__`: every release of MirrorMaker 2 and of its clients leaves such
//! topics out, whatever the policy and the separator. What an earlier Strait made keeps its name.

/// The topics of one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OwnTopics {
    /// Producer ids, positions, owners, losses, rules of access.
    pub(crate) state: &'static str,
    /// Sealed chunks of offset maps.
    pub(crate) offset_map: &'static str,
}

/// What is made where nothing is.
pub(crate) const CURRENT: OwnTopics =
    OwnTopics { state: "__strait_state", offset_map: "__strait_offset_map" };

/// Names that may be found, the first that is there counts.
pub(crate) const KNOWN: [OwnTopics; 2] =
    [CURRENT, OwnTopics { state: "strait-state.internal", offset_map: "strait-offset-map.internal" }];
