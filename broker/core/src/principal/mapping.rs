//! `ssl.principal.mapping.rules`: `RULE:pattern/replacement/[LU]` and `DEFAULT`, separated by commas; the first rule
//! that fits makes the name (`SslPrincipalMapper`).

use fancy_regex::{Captures, Regex};

/// A list of rules that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    #[error("`{rest}` is no rule: DEFAULT or RULE:pattern/replacement/[LU]")]
    NoRule { rest: String },
    #[error("the pattern `{pattern}` can't be used: {reason}")]
    Pattern { pattern: String, reason: String },
}

/// Rules from a certificate's name to a principal's.
#[derive(Clone, Debug)]
pub struct PrincipalMapping {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
enum Rule {
    /// The name as it is.
    Default,
    Rewrite(Box<Rewrite>),
}

#[derive(Clone, Debug)]
struct Rewrite {
    whole: Regex,
    pattern: Regex,
    replacement: String,
    case: Case,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Kept,
    Lower,
    Upper,
}

impl PrincipalMapping {
    /// Reads a list of rules.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let mut rules = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let error = || MappingError::NoRule { rest: rest.to_owned() };
            let behind = if let Some(behind) = rest.strip_prefix("DEFAULT") {
                rules.push(Rule::Default);
                behind
            } else {
                let (rule, behind) = rest.strip_prefix("RULE:").and_then(split).ok_or_else(error)?;
                rules.push(Rule::Rewrite(Box::new(rule?)));
                behind
            };
            let behind = behind.trim_start();
            rest = match behind.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if behind.is_empty() => behind,
                None => return Err(error()),
            };
        }
        Ok(Self { rules })
    }

    /// The principal's name. None: no rule fits, and the client is refused.
    pub fn name(&self, distinguished: &str) -> Option<String> {
        self.rules.iter().find_map(|rule| match rule {
            Rule::Default => Some(distinguished.to_owned()),
            Rule::Rewrite(rewrite) => rewrite.apply(distinguished),
        })
    }
}

/// A rule behind `RULE:`, and what follows it.
fn split(text: &str) -> Option<(Result<Rewrite, MappingError>, &str)> {
    let (pattern, rest) = until_slash(text)?;
    let (replacement, rest) = until_slash(rest)?;
    let (case, rest) = match rest.strip_prefix('L') {
        Some(rest) => (Case::Lower, rest),
        None => rest.strip_prefix('U').map_or((Case::Kept, rest), |rest| (Case::Upper, rest)),
    };
    Some((Rewrite::new(pattern, replacement, case), rest))
}

/// What stands before the next slash that no backslash protects, and what stands behind it.
fn until_slash(text: &str) -> Option<(&str, &str)> {
    let mut is_protected = false;
    for (index, letter) in text.char_indices() {
        match letter {
            _ if is_protected => is_protected = false,
            '\\' => is_protected = true,
            '/' => return Some((text.get(..index)?, text.get(index + 1..)?)),
            _ => {}
        }
    }
    None
}

impl Rewrite {
    fn new(pattern: &str, replacement: &str, case: Case) -> Result<Self, MappingError> {
        let compile = |text: &str| {
            Regex::new(text).map_err(|error| MappingError::Pattern {
                pattern: pattern.to_owned(),
                reason: error.to_string(),
            })
        };
        let whole = compile(&format!("^(?:{pattern})$"))?;
        Ok(Self { whole, pattern: compile(pattern)?, replacement: replacement.to_owned(), case })
    }

    fn apply(&self, name: &str) -> Option<String> {
        if !self.whole.is_match(name).unwrap_or(false) {
            return None;
        }
        let replaced = self.pattern.replace_all(name, |captures: &Captures<'_>| self.expand(captures));
        Some(match self.case {
            Case::Kept => replaced.into_owned(),
            Case::Lower => replaced.to_lowercase(),
            Case::Upper => replaced.to_uppercase(),
        })
    }

    /// `$1` is a group, as many digits as there are groups for; a group that is not there stays as it is written.
    fn expand(&self, captures: &Captures<'_>) -> String {
        let mut out = String::new();
        let mut letters = self.replacement.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => out.extend(letters.next()),
                '$' => {
                    let mut group = None;
                    while let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(10)) {
                        let longer = group.unwrap_or(0_usize) * 10 + digit as usize;
                        if longer >= captures.len() {
                            break;
                        }
                        group = Some(longer);
                        letters.next();
                    }
                    match group {
                        Some(group) => out.push_str(captures.get(group).map_or("", |found| found.as_str())),
                        None => out.push('$'),
                    }
                }
                letter => out.push(letter),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "CN=kafka1.Example,OU=ServiceUsers,O=Unknown,C=DE";

    fn name(rules: &str) -> Option<String> {
        PrincipalMapping::parse(rules).expect("rules").name(NAME)
    }

    #[test]
    fn the_first_rule_that_fits() {
        for (rules, expected) in [
            ("DEFAULT", Some(NAME)),
            ("RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/", Some("kafka1.Example")),
            ("RULE:^CN=(.*?),OU=ServiceUsers.*$/$1@$2/L", Some("kafka1.example@$2")),
            ("RULE:^CN=(.*?),.*$/$1/U", Some("KAFKA1.EXAMPLE")),
            ("RULE:^CN=(.*?)\\.(.*?),.*$/$2-$12/L", Some("example-kafka12")),
            ("RULE:^CN=other.*$/other/, RULE:^CN=(\\w+).*$/$1/ , DEFAULT", Some("kafka1")),
            ("RULE:^CN=other.*$/other/,DEFAULT", Some(NAME)),
            ("RULE:kafka/x/", None),
            ("RULE:^CN=(.*?),.*$/a\\/$1/", Some("a/kafka1.Example")),
            ("", None),
        ] {
            assert_eq!(name(rules).as_deref(), expected, "{rules}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for rules in ["default", "RULE:^CN=(.*)$", "RULE:a/b", "RULE:a/b/X", "DEFAULTS", "RULE:(/a/"] {
            assert!(PrincipalMapping::parse(rules).is_err(), "{rules}");
        }
    }
}
