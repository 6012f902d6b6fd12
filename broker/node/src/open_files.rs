//! How many files and connections the broker may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is taken for no limit.
const MANY: usize = 1 << 20;

/// Raises the limit of this process as far as it is allowed to, as Java does by itself. Gives the limit.
pub(crate) fn raise_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(error) => {
            tracing::warn!(%error, limit = limit.current, "the limit of open files stays");
            limit.current
        }
    };
    current.and_then(|files| usize::try_from(files).ok()).unwrap_or(MANY)
}
