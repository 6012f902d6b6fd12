//! The file of the segment that is appended to stays open while it is used, as far as the budget of all logs goes.

use std::sync::Arc;

use super::Segment;
use crate::budget::Budget;
use crate::error::{At, LogError};
use crate::store::StoreFile;

/// An open file that counts against a budget.
#[derive(Debug)]
pub(super) struct KeptFile {
    file: Arc<dyn StoreFile>,
    budget: Arc<Budget>,
    /// Since the last look for idle files.
    was_used: bool,
}

impl Drop for KeptFile {
    fn drop(&mut self) {
        self.budget.give_back(1);
    }
}

impl Segment {
    /// The file, to be appended to.
    pub(super) fn writer(&mut self, files: &Arc<Budget>) -> Result<Arc<dyn StoreFile>, LogError> {
        if let Some(kept) = &mut self.file {
            kept.was_used = true;
            return Ok(kept.file.clone());
        }
        let file = self.store.open_append(&self.path).at("open", &self.path, 0)?;
        if files.take(1) {
            self.file = Some(KeptFile { file: file.clone(), budget: files.clone(), was_used: true });
        }
        Ok(file)
    }

    /// The file, to be read.
    pub(crate) fn reader(&self) -> Result<Arc<dyn StoreFile>, LogError> {
        match &self.file {
            Some(kept) => Ok(kept.file.clone()),
            None => self.store.open(&self.path).at("open", &self.path, 0),
        }
    }

    /// The file goes; it is opened again when it is needed.
    pub(crate) fn release(&mut self) {
        self.file = None;
    }

    /// Closes the file if nothing was appended since the last call.
    pub(crate) fn release_if_idle(&mut self) {
        if let Some(kept) = &mut self.file
            && !std::mem::take(&mut kept.was_used)
        {
            self.file = None;
        }
    }
}
