//! Which topics take part in a flow, and why the others do not: MirrorMaker 2's rule with reasons.
//! Patterns match whole names; exclude beats include; an empty include list selects nothing.

use fancy_regex::Regex;

use crate::rename::{ReplicationPolicy, is_internal_topic};

/// What MirrorMaker 2 leaves out unless told otherwise.
pub const DEFAULT_EXCLUDES: [&str; 3] = [r".*[\-.]internal", r".*\.replica", "__.*"];

/// A text that is no regular expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is no regular expression: {reason}")]
pub struct PatternError {
    pub pattern: String,
    pub reason: String,
}

/// Whether a topic takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    Selected,
    Excluded(ExclusionReason),
}

/// Why a topic does not take part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExclusionReason {
    #[error("an internal topic")]
    Internal,
    #[error("no pattern includes it")]
    NotIncluded,
    #[error("excluded by `{pattern}`")]
    ExcludedBy { pattern: String },
    #[error("it came from the target `{target_alias}`")]
    Cycle { target_alias: String },
    #[error("`{pattern}` can't be decided: {reason}")]
    Undecided { pattern: String, reason: String },
}

impl Selection {
    /// The topic takes part.
    pub fn is_selected(&self) -> bool {
        match self {
            Self::Selected => true,
            Self::Excluded(_) => false,
        }
    }
}

#[derive(Clone, Debug)]
struct Pattern {
    text: String,
    regex: Regex,
}

/// Topic names by regular expressions.
#[derive(Clone, Debug)]
pub struct TopicFilter {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl TopicFilter {
    /// Reads the patterns. `exclude` takes the place of `DEFAULT_EXCLUDES`.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, PatternError> {
        Ok(Self { include: patterns(include)?, exclude: patterns(exclude)? })
    }

    /// The patterns and the part of the internal rule that needs no policy.
    pub fn selects(&self, topic: &str) -> Selection {
        if is_internal_topic(topic) {
            return Selection::Excluded(ExclusionReason::Internal);
        }
        match self.decide(topic) {
            Ok(None) => Selection::Selected,
            Ok(Some(reason)) | Err(reason) => Selection::Excluded(reason),
        }
    }

    /// The patterns alone, for names that are no topics.
    pub fn includes(&self, name: &str) -> bool {
        matches!(self.decide(name), Ok(None))
    }

    fn decide(&self, topic: &str) -> Result<Option<ExclusionReason>, ExclusionReason> {
        if let Some(pattern) = first_match(&self.exclude, topic)? {
            return Ok(Some(ExclusionReason::ExcludedBy { pattern: pattern.text.clone() }));
        }
        let included = first_match(&self.include, topic)?.is_some();
        Ok((!included).then_some(ExclusionReason::NotIncluded))
    }
}

/// The whole rule of a flow: filter, heartbeats, internal topics and cycles.
#[derive(Clone, Debug)]
pub struct FlowSelection {
    pub filter: TopicFilter,
    pub policy: ReplicationPolicy,
    pub target_alias: String,
    /// Heartbeat topics take part whatever the filter says (MirrorMaker 2's default).
    pub heartbeats: bool,
}

impl FlowSelection {
    /// Whether a topic of the source takes part in the flow.
    pub fn selects(&self, topic: &str) -> Selection {
        if self.policy.is_internal_topic(topic) {
            return Selection::Excluded(ExclusionReason::Internal);
        }
        if self.policy.is_cycle(topic, &self.target_alias) {
            return Selection::Excluded(ExclusionReason::Cycle { target_alias: self.target_alias.clone() });
        }
        if self.heartbeats && self.policy.is_heartbeats_topic(topic) {
            return Selection::Selected;
        }
        self.filter.selects(topic)
    }
}

/// A regular expression that matches whole texts only. Java's look-around, possessive quantifiers and `\Q..\E` work.
pub fn full_match(pattern: &str) -> Result<Regex, PatternError> {
    let failure =
        |error: fancy_regex::Error| PatternError { pattern: pattern.to_owned(), reason: error.to_string() };
    let unquoted = unquote(pattern);
    // A pattern such as `a)|(b` is only whole inside our own group: it must be one by itself.
    Regex::new(&unquoted).map_err(failure)?;
    Regex::new(&format!(r"\A(?:{unquoted})\z")).map_err(failure)
}

/// Java's `\Q..\E` as escaped text.
fn unquote(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        if let Some(quoted) = escape.strip_prefix(r"\Q") {
            let (text, after) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
            out.push_str(&fancy_regex::escape(text));
            rest = after;
        } else {
            let width = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
            out.push_str(&escape[..width]);
            rest = &escape[width..];
        }
    }
    out.push_str(rest);
    out
}

fn patterns(texts: &[String]) -> Result<Vec<Pattern>, PatternError> {
    texts.iter().map(|text| Ok(Pattern { text: text.clone(), regex: full_match(text.trim())? })).collect()
}

fn first_match<'a>(patterns: &'a [Pattern], topic: &str) -> Result<Option<&'a Pattern>, ExclusionReason> {
    for pattern in patterns {
        let matched = pattern.regex.is_match(topic).map_err(|error| ExclusionReason::Undecided {
            pattern: pattern.text.clone(),
            reason: error.to_string(),
        })?;
        if matched {
            return Ok(Some(pattern));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
