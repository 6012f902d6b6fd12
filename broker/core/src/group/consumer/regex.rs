//! Expressions that name topics (RE2, which `regex` follows). A new one is resolved at once; all are resolved again when
//! topics came, at most each 10 seconds.

use regex::Regex;
use strait_wire::error_code::ErrorCode;

use super::{ConsumerGroup, ConsumerHeartbeat, Refusal, Work};
use crate::internal_record::ConsumerGroupChange;
use crate::internal_record::consumer_group::ConsumerGroupRegularExpressionValue as RegexValue;

/// `REGEX_BATCH_REFRESH_MIN_INTERVAL_MS`.
const SHORTEST_REFRESH_MS: i64 = 10_000;

/// The expression for a whole name.
pub(super) fn compile(pattern: &str) -> Result<Regex, Refusal> {
    // An expression that is not one by itself shall not become one between these brackets.
    let checked = Regex::new(pattern).and_then(|_| Regex::new(&format!(r"\A(?:{pattern})\z")));
    checked.map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
        let message =
            format!("SubscribedTopicRegex `{pattern}` is not a valid regular expression: {reason}.");
        Refusal::new(ErrorCode::INVALID_REGULAR_EXPRESSION, message)
    })
}

impl ConsumerGroup {
    fn is_wanted(&self, regex: &str) -> bool {
        self.members.values().any(|member| member.regex() == Some(regex))
    }

    /// A member left an expression: the last one takes it away.
    pub(super) fn drop_regex(&mut self, regex: Option<&str>, work: &mut Work<'_>) {
        let Some(regex) = regex.filter(|regex| self.regexes.contains_key(*regex)) else { return };
        if !self.is_wanted(regex) {
            self.write(ConsumerGroupChange::Regex { regex: regex.to_owned(), value: None }, work);
        }
    }

    /// Resolves what is new, and everything when topics came. Whether members read other topics since.
    pub(super) fn resolve_regexes(&mut self, heartbeat: ConsumerHeartbeat<'_>, work: &mut Work<'_>) -> bool {
        let wanted: std::collections::BTreeSet<String> =
            self.members.values().filter_map(|member| member.regex()).map(str::to_owned).collect();
        if wanted.is_empty() {
            return false;
        }
        let resolved_ms = self.regexes.values().map(|resolved| resolved.timestamp).max().unwrap_or(0);
        let is_due = self.regexes_version != Some(work.cluster.topics_version())
            && work.now_ms > resolved_ms.saturating_add(SHORTEST_REFRESH_MS)
            || work.now_ms > resolved_ms.saturating_add(work.settings.regex_refresh_interval_ms);
        let due: Vec<String> =
            wanted.into_iter().filter(|regex| is_due || !self.regexes.contains_key(regex)).collect();
        if due.is_empty() {
            return false;
        }
        if is_due {
            self.regexes_version = Some(work.cluster.topics_version());
        }
        let names = work.cluster.topic_names();
        let mut is_changed = false;
        for regex in due {
            is_changed |= self.resolve(regex, &names, heartbeat, work);
        }
        is_changed
    }

    fn resolve(
        &mut self,
        regex: String,
        names: &[String],
        heartbeat: ConsumerHeartbeat<'_>,
        work: &mut Work<'_>,
    ) -> bool {
        // It was checked when it came; one that Kafka wrote and that is not understood here matches nothing.
        let compiled = compile(&regex).ok();
        let matches = |name: &&String| compiled.as_ref().is_some_and(|compiled| compiled.is_match(name));
        let mut topics: Vec<String> =
            names.iter().filter(matches).filter(|name| (heartbeat.may_describe)(name)).cloned().collect();
        topics.sort();
        let known = self.regexes.get(&regex);
        let is_changed = known.is_none_or(|known| known.topics != topics);
        let version = i64::try_from(work.cluster.topics_version()).unwrap_or(i64::MAX);
        let value = Some(RegexValue { topics, version, timestamp: work.now_ms });
        self.write(ConsumerGroupChange::Regex { regex, value }, work);
        is_changed
    }
}
