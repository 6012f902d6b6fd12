//! Questions to a lane, which owns the offset maps: where does a source offset lie at the target?

use strait_replicator_core::group::Translated;
use tokio::sync::{mpsc, oneshot};

use super::assignment::PartitionName;

/// Offsets asked about at once, so that the lane is not held up.
const AT_ONCE: usize = 2_000;
/// Questions that wait for the lane.
const WAITING: usize = 8;

/// Source offsets to translate; each is the next that somebody will read.
pub(crate) struct Question {
    pub(super) offsets: Vec<(PartitionName, i64)>,
    pub(super) answer: oneshot::Sender<Vec<Translated>>,
}

/// Asks a lane.
#[derive(Clone, Debug)]
pub(crate) struct Translator(mpsc::Sender<Question>);

/// The lane is gone.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the flow is not running")]
pub(crate) struct NotRunningError;

impl Translator {
    pub(super) fn new() -> (Self, mpsc::Receiver<Question>) {
        let (questions, asked) = mpsc::channel(WAITING);
        (Self(questions), asked)
    }

    /// One answer for each offset, in order.
    pub(crate) async fn translate(
        &self,
        offsets: Vec<(PartitionName, i64)>,
    ) -> Result<Vec<Translated>, NotRunningError> {
        let mut answers = Vec::with_capacity(offsets.len());
        for chunk in offsets.chunks(AT_ONCE) {
            let (answer, answered) = oneshot::channel();
            let question = Question { offsets: chunk.to_vec(), answer };
            self.0.send(question).await.map_err(|_| NotRunningError)?;
            answers.extend(answered.await.map_err(|_| NotRunningError)?);
        }
        Ok(answers)
    }
}
