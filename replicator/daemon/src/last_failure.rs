//! A failure that comes again with each try is news once.

use std::fmt::Display;

/// The last failure of something that is tried again and again.
#[derive(Debug, Default)]
pub(crate) struct LastFailure(Option<String>);

impl LastFailure {
    /// The failure as a text, unless it is the same as the last time.
    pub(crate) fn news(&mut self, failure: &impl Display) -> Option<&str> {
        let text = failure.to_string();
        if self.0.as_ref() == Some(&text) {
            return None;
        }
        Some(self.0.insert(text))
    }

    /// The failure, until it ends.
    pub(crate) fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// It works again; whether it did not before.
    pub(crate) fn end(&mut self) -> bool {
        self.0.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_news_until_another_or_none_comes() {
        let mut last = LastFailure::default();
        assert_eq!(last.news(&"a"), Some("a"));
        assert_eq!(last.news(&"a"), None);
        assert_eq!(last.news(&"b"), Some("b"));
        assert!(last.end());
        assert!(!last.end());
        assert_eq!(last.news(&"b"), Some("b"));
    }
}
