//! A transactional append waits until the coordinator confirmed the transaction. An abort marker that is written
//! meanwhile makes the guard worthless, so that no transaction is left hanging (KIP-890, `VerificationStateEntry`).

/// What a transactional append was verified under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VerificationGuard {
    /// Nobody asked the coordinator, and nobody has to.
    NotAsked,
    /// The transaction was open here already; the append is refused if it no longer is.
    Ongoing,
    /// The coordinator is asked under this number; the append is refused if a marker came between.
    Number(u64),
}

/// A verification under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verification {
    pub(super) guard: VerificationGuard,
    pub(super) started_ms: i64,
    pub(super) lowest_sequence: i32,
    pub(super) epoch: i16,
    pub(super) raises_epoch: bool,
}

impl Verification {
    /// Another batch of the producer asks to be verified too.
    pub(super) fn join(&mut self, sequence: i32, epoch: i16) {
        if epoch > self.epoch {
            self.epoch = epoch;
            self.lowest_sequence = sequence;
        } else if epoch == self.epoch {
            self.lowest_sequence = self.lowest_sequence.min(sequence);
        }
    }
}
