//! `sasl.jaas.config`: the name of a login module, a flag, options, a semicolon.

use std::collections::BTreeMap;

/// A module with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Login {
    /// Its Java class.
    pub(super) module: String,
    pub(super) options: BTreeMap<String, String>,
}

/// Why a text is no login.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JaasError {
    #[error("it ends in the middle; it must be MODULE required KEY=\"VALUE\" ..;")]
    EndsEarly,
    #[error("`{found}` stands where {expected} is expected")]
    Unexpected { found: String, expected: &'static str },
    #[error("it has more than one module")]
    SeveralModules,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Equals,
    End,
}

/// Reads one login.
pub(super) fn parse(text: &str) -> Result<Login, JaasError> {
    let mut tokens = tokens(text)?.into_iter();
    let module = word(tokens.next(), "a module")?;
    let flag = word(tokens.next(), "a flag")?;
    if !["required", "requisite", "sufficient", "optional"].contains(&flag.to_ascii_lowercase().as_str()) {
        return Err(JaasError::Unexpected { found: flag, expected: "required" });
    }
    let mut options = BTreeMap::new();
    loop {
        match tokens.next() {
            Some(Token::End) => break,
            option => {
                let name = word(option, "an option or `;`")?;
                match tokens.next() {
                    Some(Token::Equals) => options.insert(name, word(tokens.next(), "a value")?),
                    Some(found) => return Err(unexpected(found, "`=`")),
                    None => return Err(JaasError::EndsEarly),
                };
            }
        }
    }
    if tokens.next().is_some() {
        return Err(JaasError::SeveralModules);
    }
    Ok(Login { module, options })
}

fn word(token: Option<Token>, expected: &'static str) -> Result<String, JaasError> {
    match token {
        Some(Token::Word(word)) => Ok(word),
        Some(other) => Err(unexpected(other, expected)),
        None => Err(JaasError::EndsEarly),
    }
}

fn unexpected(found: Token, expected: &'static str) -> JaasError {
    let found = match found {
        Token::Word(word) => word,
        Token::Equals => "=".to_owned(),
        Token::End => ";".to_owned(),
    };
    JaasError::Unexpected { found, expected }
}

fn tokens(text: &str) -> Result<Vec<Token>, JaasError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(letter) = rest.chars().next() {
        let (token, used) = match letter {
            '=' => (Token::Equals, 1),
            ';' => (Token::End, 1),
            '"' | '\'' => quoted(rest, letter)?,
            _ => bare(rest),
        };
        tokens.push(token);
        rest = rest[used..].trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str, quote: char) -> Result<(Token, usize), JaasError> {
    let mut word = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => word.extend(letters.next().map(|(_, letter)| letter)),
            letter if letter == quote => return Ok((Token::Word(word), at + 1)),
            letter => word.push(letter),
        }
    }
    Err(JaasError::EndsEarly)
}

/// Up to a blank, `=` or `;`; a reference is one piece whatever stands in it.
fn bare(text: &str) -> (Token, usize) {
    let mut end = 0;
    while let Some(letter) = text[end..].chars().next() {
        if letter.is_whitespace() || matches!(letter, '=' | ';') {
            break;
        }
        let reference = text[end..].starts_with("${").then(|| text[end..].find('}')).flatten();
        end += reference.map_or(letter.len_utf8(), |close| close + 1);
    }
    (Token::Word(text[..end].to_owned()), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Vec<(String, String)> {
        parse(text).expect("a login").options.into_iter().collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn options_are_read_with_and_without_quotes() {
        let text = r#"a.b.PlainLoginModule required username="u" password='p=;"\'x' ;"#;
        assert_eq!(options(text), [pair("password", "p=;\"'x"), pair("username", "u")]);
        let text = "M required password=${file:/run/my secret=x:key} a = b;";
        assert_eq!(options(text), [pair("a", "b"), pair("password", "${file:/run/my secret=x:key}")]);
        assert_eq!(parse("M required;").expect("a login").module, "M");
    }

    #[test]
    fn what_is_no_login_is_refused() {
        for text in ["", "M", "M required", "M required a", "M required a=", "M required a=\"b"] {
            assert_eq!(parse(text), Err(JaasError::EndsEarly), "{text}");
        }
        assert!(matches!(parse("M perhaps;"), Err(JaasError::Unexpected { .. })));
        assert!(matches!(parse("M required a b;"), Err(JaasError::Unexpected { .. })));
        assert_eq!(parse("M required; N required;"), Err(JaasError::SeveralModules));
    }
}
