//! Every key of the configuration: what it does, its type, default and allowed values. Checking, explaining and the
//! documentation all read this one table.

// Whether a file holds known keys with values of the right type.
pub(crate) mod check;
// The rows of the table.
mod clusters;
mod flow_groups;
mod flow_policies;
mod flows;
mod general;
mod security;

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// As `flows[].topics` or `clusters.ALIAS.bootstrap`.
    pub(crate) path: &'static str,
    pub(crate) kind: Kind,
    /// As it would stand in a TOML file; `None` when the key must be given or has no value by itself.
    pub(crate) default: Option<&'static str>,
    pub(crate) allowed: &'static str,
    /// A line of a TOML file.
    pub(crate) example: &'static str,
    pub(crate) what: &'static str,
    pub(crate) required: bool,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Must not appear in anything printed.
    Secret,
    /// A whole number, 0 and more.
    Number,
    /// A whole number of 16 bits, with a sign.
    Integer,
    Boolean,
    /// A list of texts.
    TextList,
    /// `earliest`, `latest` or a time.
    Start,
    /// Regular expressions with a start for each.
    Starts,
    /// Names with a secret for each.
    Secrets,
    /// One of the words in `allowed`.
    Choice,
}

impl Kind {
    /// The type in words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Secret => "text, secret",
            Self::Number | Self::Integer => "whole number",
            Self::Boolean => "boolean",
            Self::TextList => "list of texts",
            Self::Start => "text, a start",
            Self::Starts => "table of starts",
            Self::Secrets => "table of secrets",
            Self::Choice => "text, one word of several",
        }
    }
}

impl Key {
    const fn new(
        path: &'static str,
        kind: Kind,
        default: Option<&'static str>,
        allowed: &'static str,
        example: &'static str,
        what: &'static str,
    ) -> Self {
        Self { path, kind, default, allowed, example, what, required: false }
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }
}

/// Names closer than this are offered as what was meant.
const SIMILAR: f64 = 0.7;

/// All keys, in the order of the documentation.
pub(crate) fn all() -> impl Iterator<Item = &'static Key> {
    let tables = [
        general::BEFORE,
        clusters::KEYS,
        security::KEYS,
        flows::KEYS,
        flow_groups::KEYS,
        flow_policies::KEYS,
        general::LIMITS,
    ];
    tables.into_iter().flatten()
}

/// The key of a concrete path such as `flows[0].topics` or `clusters.east.bootstrap`.
pub(crate) fn find(path: &str) -> Option<&'static Key> {
    let wanted = general_form(path);
    all().find(|key| key.path == wanted)
}

/// Whether a secret stands at a concrete path, by itself or in a table of them.
pub(crate) fn is_secret(path: &str) -> bool {
    let wanted = general_form(path);
    all().any(|key| match key.kind {
        Kind::Secret => key.path == wanted,
        Kind::Secrets => wanted.strip_prefix(key.path).is_some_and(|rest| rest.starts_with('.')),
        _ => false,
    })
}

/// `flows[0].topics` as `flows[].topics`, `clusters.east.tls.ca_file` as `clusters.ALIAS.tls.ca_file`.
pub(crate) fn general_form(path: &str) -> String {
    if let Some(rest) = path.strip_prefix("clusters.") {
        let key = all().filter_map(|key| key.path.strip_prefix("clusters.ALIAS"));
        // An alias may contain dots, so the longest ending that is a key decides.
        let ending = key.filter(|ending| rest.ends_with(ending)).max_by_key(|ending| ending.len());
        if let Some(ending) = ending {
            return format!("clusters.ALIAS{ending}");
        }
    }
    match path.strip_prefix("flows[").and_then(|rest| rest.split_once(']')) {
        Some((index, rest)) if index.bytes().all(|byte| byte.is_ascii_digit()) => format!("flows[]{rest}"),
        _ => path.to_owned(),
    }
}

/// Keys that a person may have meant by `word`, the nearest first.
pub(crate) fn nearest_paths(word: &str, count: usize) -> Vec<&'static str> {
    let score = |key: &Key| {
        let whole = strsim::jaro_winkler(&general_form(word), key.path);
        let name = word.rsplit('.').next().unwrap_or(word);
        whole.max(strsim::jaro_winkler(name, key.name()))
    };
    let mut scored: Vec<(f64, &str)> = all().map(|key| (score(key), key.path)).collect();
    scored.sort_by(|left, right| right.0.total_cmp(&left.0));
    scored.into_iter().filter(|(score, _)| *score >= SIMILAR).map(|(_, path)| path).take(count).collect()
}

/// The word that is most like `word`, when one is like it at all.
pub(crate) fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = words.into_iter().map(|name| (strsim::jaro_winkler(word, name), name));
    let best = scored.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (best.0 >= SIMILAR).then_some(best.1)
}

/// The word that `word` becomes by a letter or two.
pub(crate) fn misspelled<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = words.into_iter().map(|name| (strsim::damerau_levenshtein(word, name), name));
    scored.filter(|(letters, _)| *letters <= 2).min_by_key(|(letters, _)| *letters).map(|(_, name)| name)
}

/// Warns of a key that a file has and nobody takes, with the one that was perhaps meant.
pub(crate) fn tell_meaningless(key: &str, line: Option<usize>, meant: Option<&str>) {
    match meant {
        Some(meant) => tracing::warn!(key, line, "this key means nothing here, did you mean {meant}?"),
        None => tracing::warn!(key, line, "this key means nothing here"),
    }
}

/// The table of the documentation.
pub(crate) fn markdown() -> String {
    let mut text = "| key | type | default | allowed | what it does |\n|---|---|---|---|---|\n".to_owned();
    for key in all() {
        let default = key.default.map_or(String::new(), |default| format!("`{default}`"));
        let (path, kind, allowed, what) = (key.path, key.kind.name(), key.allowed, key.what);
        text.push_str(&format!("| `{path}` | {kind} | {default} | {allowed} | {what} |\n"));
    }
    text
}

#[cfg(test)]
mod tests;
