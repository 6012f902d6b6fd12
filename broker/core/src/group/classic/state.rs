//! Where a group stands (`ClassicGroupState`).

/// The states of a classic group. A group that is gone is `Dead`, which needs no state here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// No members; offsets may be left.
    Empty,
    /// Members are called to join.
    PreparingRebalance,
    /// The leader is asked for the assignment.
    CompletingRebalance,
    /// Every member may fetch its assignment.
    Stable,
}

impl State {
    /// Kafka's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }

    pub(super) fn may_follow(self, previous: Self) -> bool {
        match self {
            Self::Empty | Self::CompletingRebalance => previous == Self::PreparingRebalance,
            Self::PreparingRebalance => previous != Self::PreparingRebalance,
            Self::Stable => previous == Self::CompletingRebalance,
        }
    }
}
