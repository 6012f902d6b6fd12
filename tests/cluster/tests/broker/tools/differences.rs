//! What is meant to differ.

/// Lines that only one of both prints.
#[derive(Debug)]
pub(super) struct Difference {
    /// Of one step.
    step: &'static str,
    /// How the line begins.
    begins: &'static str,
}

const fn of(step: &'static str, begins: &'static str) -> Difference {
    Difference { step, begins }
}

/// Our broker tells of what it can do only: it has no quorum of controllers, no share groups, no groups of Streams, and
/// its metadata log is its own.
pub(super) const DIFFERENCES: [Difference; 4] = [
    of("features", "Feature: kraft.version "),
    of("features", "Feature: metadata.version "),
    of("features", "Feature: share.version "),
    of("features", "Feature: streams.version "),
];

impl Difference {
    /// Takes the lines out of what was printed. Gives how many there were.
    pub(super) fn leave_out(&self, step: &str, lines: &mut Vec<String>) -> usize {
        let before = lines.len();
        lines.retain(|line| step != self.step || !line.starts_with(self.begins));
        before - lines.len()
    }
}
