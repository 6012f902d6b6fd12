//! Remote names built from a text with `{topic}` once and `{source}` at most once.

use std::fmt;

const SOURCE: &str = "{source}";
const TOPIC: &str = "{topic}";

/// A parsed template, such as `{source}.{topic}` or `{topic}-copy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicTemplate {
    before: String,
    after: String,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    TopicOnly,
    SourceThenTopic { between: String },
    TopicThenSource { between: String },
}

/// A remote name taken apart.
pub(super) struct ParsedTopic<'a> {
    pub(super) source: Option<&'a str>,
    pub(super) topic: &'a str,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("template `{template}` needs {{topic}} once, has it {count} times")]
    Topic { template: String, count: usize },
    #[error("template `{template}` may have {{source}} once, has it {count} times")]
    Source { template: String, count: usize },
    #[error("template `{template}` needs a text between {{source}} and {{topic}}")]
    NothingBetween { template: String },
    #[error("template `{template}` has `{found}`, which no topic name may have")]
    Character { template: String, found: char },
}

impl TopicTemplate {
    /// Reads a template.
    pub fn parse_template(template: &str) -> Result<Self, TemplateError> {
        let named = || template.to_owned();
        let count = template.matches(TOPIC).count();
        let (Some((before, after)), 1) = (template.split_once(TOPIC), count) else {
            return Err(TemplateError::Topic { template: named(), count });
        };
        let count = template.matches(SOURCE).count();
        if count > 1 {
            return Err(TemplateError::Source { template: named(), count });
        }
        let (before, after, shape) = match (before.split_once(SOURCE), after.split_once(SOURCE)) {
            (Some((before, between)), _) => {
                (before, after, Shape::SourceThenTopic { between: between.to_owned() })
            }
            (None, Some((between, after))) => {
                (before, after, Shape::TopicThenSource { between: between.to_owned() })
            }
            (None, None) => (before, after, Shape::TopicOnly),
        };
        let between = shape.between();
        if between.is_some_and(str::is_empty) {
            return Err(TemplateError::NothingBetween { template: named() });
        }
        let mut texts = before.chars().chain(after.chars()).chain(between.unwrap_or_default().chars());
        if let Some(found) = texts.find(|found| !is_name_character(*found)) {
            return Err(TemplateError::Character { template: named(), found });
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned(), shape })
    }

    pub(super) fn render(&self, source: &str, topic: &str) -> String {
        let Self { before, after, shape } = self;
        match shape {
            Shape::TopicOnly => format!("{before}{topic}{after}"),
            Shape::SourceThenTopic { between } => format!("{before}{source}{between}{topic}{after}"),
            Shape::TopicThenSource { between } => format!("{before}{topic}{between}{source}{after}"),
        }
    }

    /// Takes a remote name apart; `None` when the template does not give such a name.
    pub(super) fn parse<'a>(&self, topic: &'a str) -> Option<ParsedTopic<'a>> {
        let middle = topic.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        let (source, topic) = match &self.shape {
            Shape::TopicOnly => (None, middle),
            Shape::SourceThenTopic { between } => {
                let (source, topic) = middle.split_once(between.as_str())?;
                (Some(source), topic)
            }
            Shape::TopicThenSource { between } => {
                let (topic, source) = middle.rsplit_once(between.as_str())?;
                (Some(source), topic)
            }
        };
        (!topic.is_empty() && source != Some("")).then_some(ParsedTopic { source, topic })
    }
}

impl Shape {
    fn between(&self) -> Option<&str> {
        match self {
            Self::TopicOnly => None,
            Self::SourceThenTopic { between } | Self::TopicThenSource { between } => Some(between),
        }
    }
}

impl fmt::Display for TopicTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(SOURCE, TOPIC))
    }
}

fn is_name_character(found: char) -> bool {
    found.is_ascii_alphanumeric() || matches!(found, '.' | '_' | '-')
}
