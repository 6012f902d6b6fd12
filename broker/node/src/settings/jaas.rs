//! `sasl.jaas.config`: login modules with options, as Java reads them (`JaasConfig`). Of use here are the users of PLAIN:
//! `...PlainLoginModule required user_alice="secret";`.

use std::collections::BTreeMap;

/// A text that is no list of login modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JaasError {
    #[error("a quote has no end")]
    OpenQuote,
    #[error("a login module is `Class flag key=value ...;`")]
    NoModule,
    #[error("a login module ends with a semicolon")]
    NoEnd,
    #[error("an option is key=value")]
    NoOption,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Text(String),
    Equals,
    Semicolon,
}

const FLAGS: [&str; 4] = ["required", "requisite", "sufficient", "optional"];
const USER: &str = "user_";

/// Passwords by username.
pub(super) fn users(text: &str) -> Result<BTreeMap<String, String>, JaasError> {
    let words = words(text)?;
    let mut users = BTreeMap::new();
    let mut rest = words.as_slice();
    while !rest.is_empty() {
        let end = rest.iter().position(|word| *word == Word::Semicolon).ok_or(JaasError::NoEnd)?;
        let (module, behind) = rest.split_at(end);
        rest = behind.get(1..).unwrap_or_default();
        for (key, value) in options(module)? {
            if let Some(name) = key.strip_prefix(USER) {
                users.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    Ok(users)
}

fn options<'a>(module: &'a [Word]) -> Result<Vec<(&'a str, &'a str)>, JaasError> {
    let options = match module {
        [Word::Text(_), Word::Text(flag), options @ ..]
            if FLAGS.iter().any(|known| flag.eq_ignore_ascii_case(known)) =>
        {
            options
        }
        _ => return Err(JaasError::NoModule),
    };
    let option = |words: &'a [Word]| match words {
        [Word::Text(key), Word::Equals, Word::Text(value)] => Ok((key.as_str(), value.as_str())),
        _ => Err(JaasError::NoOption),
    };
    options.chunks(3).map(option).collect()
}

fn words(text: &str) -> Result<Vec<Word>, JaasError> {
    let mut words = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            letter if letter.is_whitespace() => {}
            '=' => words.push(Word::Equals),
            ';' => words.push(Word::Semicolon),
            '"' | '\'' => words.push(Word::Text(quoted(letter, &mut letters)?)),
            letter => {
                let mut word = String::from(letter);
                let ends = |letter: &char| letter.is_whitespace() || "=;\"'".contains(*letter);
                while let Some(next) = letters.next_if(|letter| !ends(letter)) {
                    word.push(next);
                }
                words.push(Word::Text(word));
            }
        }
    }
    Ok(words)
}

fn quoted(quote: char, letters: &mut impl Iterator<Item = char>) -> Result<String, JaasError> {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            letter if letter == quote => return Ok(text),
            '\\' => text.push(match letters.next().ok_or(JaasError::OpenQuote)? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            }),
            letter => text.push(letter),
        }
    }
    Err(JaasError::OpenQuote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_a_login_module() {
        let text = r#"org.apache.kafka.common.security.plain.PlainLoginModule required
            username="admin" password="x"
            user_admin="x" user_bob=plain user_eve="a \"b\"; = c";"#;
        let expected = [("admin", "x"), ("bob", "plain"), ("eve", "a \"b\"; = c")];
        let expected = expected.map(|(name, password)| (name.to_owned(), password.to_owned()));
        assert_eq!(users(text), Ok(BTreeMap::from(expected)));
        assert_eq!(users(""), Ok(BTreeMap::new()));
        assert_eq!(users("a.ScramLoginModule REQUIRED;"), Ok(BTreeMap::new()));
    }

    #[test]
    fn what_is_wrong() {
        for (text, error) in [
            ("a.Module required", JaasError::NoEnd),
            ("a.Module required user_a=\"x;", JaasError::OpenQuote),
            ("a.Module;", JaasError::NoModule),
            ("a.Module always;", JaasError::NoModule),
            ("a.Module required user_a;", JaasError::NoOption),
            ("a.Module required user_a = ;", JaasError::NoOption),
        ] {
            assert_eq!(users(text), Err(error), "{text}");
        }
    }
}
