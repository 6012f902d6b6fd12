//! Java properties files: comments, three kinds of separators, continued lines, escapes. Bytes are ISO 8859-1.

/// One pair of key and value; later ones win over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: String,
    /// Where its first line stands, from 1.
    pub(crate) line: usize,
}

/// A `\u` that is not followed by four hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: `\\u{found}` needs four hexadecimal digits")]
pub(crate) struct EscapeError {
    pub(crate) line: usize,
    pub(crate) found: String,
}

/// All pairs in the order of the file.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Entry>, EscapeError> {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    logical_lines(&text).into_iter().map(|(line, text)| entry(line, &text)).collect()
}

/// Lines without comments and blank ones; a line that ends with an odd number of backslashes goes on with the next.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut continues = false;
    for (index, natural) in natural_lines(text).enumerate() {
        let natural = natural.trim_start_matches(is_blank);
        if !continues && (natural.is_empty() || natural.starts_with(['#', '!'])) {
            continue;
        }
        let backslashes = natural.chars().rev().take_while(|letter| *letter == '\\').count();
        let goes_on = backslashes % 2 == 1;
        let piece = if goes_on { &natural[..natural.len() - 1] } else { natural };
        match lines.last_mut() {
            Some((_, line)) if continues => line.push_str(piece),
            _ => lines.push((index + 1, piece.to_owned())),
        }
        continues = goes_on;
    }
    lines
}

/// `\r\n`, `\n` and `\r` each end a line.
fn natural_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\u{c}')
}

fn entry(line: usize, text: &str) -> Result<Entry, EscapeError> {
    let key_end = end_of_key(text);
    let (key, rest) = text.split_at(key_end);
    let rest = rest.trim_start_matches(is_blank);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(is_blank);
    Ok(Entry { key: unescape(key, line)?, value: unescape(value, line)?, line })
}

fn end_of_key(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        if !escaped && (matches!(letter, '=' | ':') || is_blank(letter)) {
            return at;
        }
        escaped = !escaped && letter == '\\';
    }
    text.len()
}

fn unescape(text: &str, line: usize) -> Result<String, EscapeError> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut buffer = [0; 2];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let plain = match letter {
            '\\' => match letters.next() {
                Some('u') => {
                    units.push(code_unit(&mut letters, line)?);
                    continue;
                }
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some(other) => other,
                None => continue,
            },
            plain => plain,
        };
        units.extend_from_slice(plain.encode_utf16(&mut buffer));
    }
    // Two escapes may be the halves of one character.
    Ok(String::from_utf16_lossy(&units))
}

fn code_unit(letters: &mut std::str::Chars<'_>, line: usize) -> Result<u16, EscapeError> {
    let digits: String = letters.take(4).collect();
    let all_digits = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let unit = u16::from_str_radix(&digits, 16).ok().filter(|_| all_digits);
    unit.ok_or(EscapeError { line, found: digits })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let entries = parse(text.as_bytes()).expect("a properties file");
        entries.into_iter().map(|entry| (entry.key, entry.value)).collect()
    }

    fn assert_pair(text: &str, key: &str, value: &str) {
        assert_eq!(pairs(text), [(key.to_owned(), value.to_owned())], "{text:?}");
    }

    #[test]
    fn separators_are_equals_colon_and_blank() {
        for text in ["a=b", "a = b", "a:b", "a : b", "a b", "a\tb", "  a   =   b", "a\u{c}b"] {
            assert_pair(text, "a", "b");
        }
        assert_pair("a", "a", "");
        assert_pair("a==b", "a", "=b");
        assert_pair("a = = b", "a", "= b");
        assert_pair("a->b.enabled = true", "a->b.enabled", "true");
        assert_pair("a = b ", "a", "b ");
    }

    #[test]
    fn comments_and_blank_lines_are_left_out() {
        assert_pair("# one\n ! two\n\n \t\na=b # not a comment\n", "a", "b # not a comment");
    }

    #[test]
    fn a_backslash_at_the_end_continues_the_line() {
        assert_pair("a = b,\\\n   c,\\\r\n\td", "a", "b,c,d");
        assert_pair("a = b\\\\\n", "a", "b\\");
        assert_pair("a = b\\\n# no comment", "a", "b# no comment");
        assert_pair("a = b\\", "a", "b");
        assert_eq!(pairs("a=\\\n\nb=c").len(), 2);
    }

    #[test]
    fn escapes_are_replaced() {
        assert_pair(r"a\=b\:c\ d = \t\n\r\f\\\q", "a=b:c d", "\t\n\r\u{c}\\q");
        assert_pair(r"a = \u00e9\uD83D\uDE00", "a", "é😀");
        assert_pair(r"topics.exclude = .*[\-\.]internal", "topics.exclude", ".*[-.]internal");
    }

    #[test]
    fn bytes_are_latin_1() {
        let entries = parse(b"a = caf\xe9").expect("a properties file");
        assert_eq!(entries[0].value, "café");
    }

    #[test]
    fn a_broken_escape_is_named_with_its_line() {
        let error = parse(b"a = b\nc = \\u12g4").expect_err("no escape");
        assert_eq!(error, EscapeError { line: 2, found: "12g4".to_owned() });
        assert_eq!(parse(b"a = \\u12").expect_err("too short").found, "12");
    }

    #[test]
    fn lines_are_counted() {
        let entries = parse(b"# x\na = b\\\n c\nd = e").expect("a properties file");
        assert_eq!(entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [2, 4]);
    }
}
