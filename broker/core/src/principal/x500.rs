//! The subject of a certificate, written as Java does (`X500Principal.getName()`, RFC 2253): last part first, nine
//! known keywords, anything else by its identifier.

use std::fmt::Write;

use super::der::{self, Element, OBJECT_IDENTIFIER, SEQUENCE, SET, VERSION};

/// Identifiers that have a keyword in RFC 2253.
const KEYWORDS: [(&[u8], &str); 9] = [
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1], "UID"),
];

/// UTF8, Printable, T61, IA5, General, Universal and BMP.
const STRINGS: [u8; 7] = [0x0c, 0x13, 0x14, 0x16, 0x1b, 0x1c, 0x1e];

/// The subject of a certificate (DER), e.g. `CN=alice,O=Example`. None: it is no certificate.
pub fn subject(certificate: &[u8]) -> Option<String> {
    let (certificate, _) = der::tagged(certificate, SEQUENCE)?;
    let (mut fields, _) = der::tagged(certificate, SEQUENCE)?;
    if let Some((_, rest)) = der::tagged(fields, VERSION) {
        fields = rest;
    }
    // Serial number, signature algorithm, issuer, validity.
    for _ in 0..4 {
        fields = der::first(fields)?.1;
    }
    let (name, _) = der::tagged(fields, SEQUENCE)?;
    let parts: Option<Vec<String>> = der::all(name)?.iter().rev().map(part).collect();
    Some(parts?.join(","))
}

/// A relative name: one pair or several.
fn part(element: &Element<'_>) -> Option<String> {
    if element.tag != SET {
        return None;
    }
    let pairs: Option<Vec<String>> = der::all(element.content)?.iter().map(pair).collect();
    Some(pairs?.join("+"))
}

fn pair(element: &Element<'_>) -> Option<String> {
    if element.tag != SEQUENCE {
        return None;
    }
    let (identifier, rest) = der::tagged(element.content, OBJECT_IDENTIFIER)?;
    let (value, _) = der::first(rest)?;
    let keyword = KEYWORDS.iter().find(|(known, _)| *known == identifier);
    Some(match keyword {
        Some((_, keyword)) if STRINGS.contains(&value.tag) => {
            format!("{keyword}={}", escaped(&String::from_utf8_lossy(value.content)))
        }
        Some((_, keyword)) => format!("{keyword}=#{}", hexadecimal(value.whole)),
        None => format!("{}=#{}", dotted(identifier)?, hexadecimal(value.whole)),
    })
}

/// With a backslash before what has a meaning, and before blanks at both ends.
fn escaped(value: &str) -> String {
    let is_blank = |letter: char| letter == ' ' || letter == '\r';
    let first = value.find(|letter| !is_blank(letter)).unwrap_or(value.len());
    let last = value.rfind(|letter| !is_blank(letter)).unwrap_or(0);
    let mut out = String::with_capacity(value.len());
    for (index, letter) in value.char_indices() {
        match letter {
            '\0' => out.push_str("\\00"),
            letter => {
                if ",=+<>#;\"\\".contains(letter) || index < first || index > last {
                    out.push('\\');
                }
                out.push(letter);
            }
        }
    }
    out
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An object identifier in numbers.
fn dotted(identifier: &[u8]) -> Option<String> {
    let mut numbers = Vec::new();
    let mut number: u64 = 0;
    for byte in identifier {
        number = number.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    let first = numbers.first().copied()?;
    let top = (first / 40).min(2);
    let rest = numbers.iter().skip(1).fold(String::new(), |mut text, number| {
        let _ = write!(text, ".{number}");
        text
    });
    Some(format!("{top}.{}{rest}", first - top * 40))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};

    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).expect("short").to_be_bytes();
        [&[tag, 0x82][..], &length, content].concat()
    }

    fn attribute(identifier: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
        element(SEQUENCE, &[element(OBJECT_IDENTIFIER, identifier), element(tag, value)].concat())
    }

    fn certificate(parts: &[Vec<u8>]) -> Vec<u8> {
        let name = element(SEQUENCE, &parts.concat());
        let before = [element(VERSION, &[2]), element(2, &[1]), element(SEQUENCE, &[])];
        let fields = [before.concat(), element(SEQUENCE, &[]), element(SEQUENCE, &[]), name].concat();
        element(SEQUENCE, &element(SEQUENCE, &fields))
    }

    fn common_name(value: &str) -> Vec<u8> {
        element(SET, &attribute(&[0x55, 4, 3], 0x0c, value.as_bytes()))
    }

    #[test]
    fn the_last_part_comes_first() {
        let country = element(SET, &attribute(&[0x55, 4, 6], 0x13, b"DE"));
        let organization = element(SET, &attribute(&[0x55, 4, 10], 0x0c, "Müller, Söhne".as_bytes()));
        let both = [attribute(&[0x55, 4, 3], 0x0c, b"alice"), attribute(&[0x55, 4, 11], 0x0c, b"ops")];
        let name = subject(&certificate(&[country, organization, element(SET, &both.concat())]));
        assert_eq!(name.as_deref(), Some("CN=alice+OU=ops,O=Müller\\, Söhne,C=DE"));
        assert_eq!(subject(&certificate(&[])).as_deref(), Some(""));
    }

    #[test]
    fn what_has_no_keyword_is_written_in_numbers() {
        // emailAddress, 1.2.840.113549.1.9.1.
        let identifier = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
        let part = element(SET, &attribute(&identifier, 0x16, b"a@b"));
        let name = subject(&certificate(&[part])).expect("a name");
        assert_eq!(name, "1.2.840.113549.1.9.1=#16820003614062");
    }

    #[test]
    fn signs_and_blanks_are_escaped() {
        for (value, written) in [
            ("a+b", "a\\+b"),
            ("#1=2", "\\#1\\=2"),
            (" a b ", "\\ a b\\ "),
            ("a\"\\<>;", "a\\\"\\\\\\<\\>\\;"),
            ("ü", "ü"),
            ("a\0", "a\\00"),
        ] {
            let name = subject(&certificate(&[common_name(value)])).expect("a name");
            assert_eq!(name, format!("CN={written}"));
        }
    }

    #[test]
    fn a_certificate_cut_anywhere_has_no_name() {
        let whole = certificate(&[common_name("alice")]);
        for length in 0..whole.len() {
            assert_eq!(subject(&whole[..length]), None, "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at_safely(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = subject(&bytes);
            let _ = subject(&certificate(&[element(SET, &bytes)]));
        }
    }
}
