//! The attributes of `#[derive(Message)]`, read and checked.

use syn::{Attribute, Ident, LitInt, LitStr, Path, Result};

/// A range of versions as Kafka writes it: `3+`, `0-12`, `4` or `none`.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) low: i16,
    pub(crate) high: i16,
}

impl Range {
    pub(crate) const ALL: Self = Self { low: 0, high: i16::MAX };
    pub(crate) const NONE: Self = Self { low: i16::MAX, high: -1 };

    fn parse(text: &LitStr) -> Result<Self> {
        let value = text.value();
        let number = |part: &str| {
            part.parse::<i16>()
                .map_err(|_| syn::Error::new(text.span(), format!("`{part}` is not a version")))
        };
        if value == "none" {
            return Ok(Self::NONE);
        }
        if let Some(low) = value.strip_suffix('+') {
            return Ok(Self { low: number(low)?, high: i16::MAX });
        }
        if let Some((low, high)) = value.split_once('-') {
            return Ok(Self { low: number(low)?, high: number(high)? });
        }
        let only = number(&value)?;
        Ok(Self { low: only, high: only })
    }

    pub(crate) fn is_none(self) -> bool {
        self.low > self.high
    }
}

/// `#[message(..)]`.
#[derive(Default)]
pub(crate) struct MessageAttributes {
    pub(crate) key: Option<i16>,
    pub(crate) versions: Option<Range>,
    pub(crate) flexible: Option<Range>,
    pub(crate) response: Option<Path>,
}

impl MessageAttributes {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut read = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("message")) {
            attribute.parse_nested_meta(|meta| {
                match meta.path.get_ident().map(Ident::to_string).as_deref() {
                    Some("key") => read.key = Some(meta.value()?.parse::<LitInt>()?.base10_parse()?),
                    Some("versions") => read.versions = Some(Range::parse(&meta.value()?.parse()?)?),
                    Some("flexible") => read.flexible = Some(Range::parse(&meta.value()?.parse()?)?),
                    Some("response") => read.response = Some(meta.value()?.parse()?),
                    _ => return Err(meta.error("expected key, versions, flexible or response")),
                }
                Ok(())
            })?;
        }
        Ok(read)
    }
}

/// `#[field(..)]`.
pub(crate) struct FieldAttributes {
    pub(crate) versions: Range,
    pub(crate) nullable: Range,
    pub(crate) tagged: Range,
    pub(crate) tag: Option<u32>,
    pub(crate) default: Option<String>,
    pub(crate) ignorable: bool,
    /// Kafka's name where it can't be derived from the field's.
    pub(crate) name: Option<String>,
}

impl FieldAttributes {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut read = Self {
            versions: Range::ALL,
            nullable: Range::NONE,
            tagged: Range::NONE,
            tag: None,
            default: None,
            ignorable: false,
            name: None,
        };
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("field")) {
            attribute.parse_nested_meta(|meta| {
                match meta.path.get_ident().map(Ident::to_string).as_deref() {
                    Some("versions") => read.versions = Range::parse(&meta.value()?.parse()?)?,
                    Some("nullable") => read.nullable = Range::parse(&meta.value()?.parse()?)?,
                    Some("tagged") => read.tagged = Range::parse(&meta.value()?.parse()?)?,
                    Some("tag") => read.tag = Some(meta.value()?.parse::<LitInt>()?.base10_parse()?),
                    Some("default") => read.default = Some(meta.value()?.parse::<LitStr>()?.value()),
                    Some("name") => read.name = Some(meta.value()?.parse::<LitStr>()?.value()),
                    Some("ignorable") => read.ignorable = true,
                    _ => {
                        return Err(meta
                            .error("expected versions, nullable, tagged, tag, default, name or ignorable"));
                    }
                }
                Ok(())
            })?;
            read.check(attribute)?;
        }
        Ok(read)
    }

    /// A tagged field has a number, and it has it in versions that have the field.
    fn check(&self, attribute: &Attribute) -> Result<()> {
        let error = |message| Err(syn::Error::new_spanned(attribute, message));
        if self.tag.is_some() == self.tagged.is_none() {
            return error("`tag` and `tagged` go together");
        }
        let outside = |range: Range| range.low < self.versions.low || range.high > self.versions.high;
        if !self.tagged.is_none() && outside(self.tagged) {
            return error("`tagged` in versions without the field");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn range(text: &str) -> Option<(i16, i16)> {
        let text = LitStr::new(text, proc_macro2::Span::call_site());
        Range::parse(&text).ok().map(|range| (range.low, range.high))
    }

    #[test]
    fn ranges_are_written_as_in_kafka() {
        assert_eq!(range("3+"), Some((3, i16::MAX)));
        assert_eq!(range("0-12"), Some((0, 12)));
        assert_eq!(range("4"), Some((4, 4)));
        assert!(Range::parse(&parse_quote!("none")).is_ok_and(Range::is_none));
        for wrong in ["", "+", "a+", "1-", "3-b", "99999"] {
            assert_eq!(range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_field_that_makes_no_sense_is_refused() {
        let refused = |attribute: Attribute| FieldAttributes::read(&[attribute]).is_err();
        assert!(!refused(parse_quote!(#[field(versions = "4+", tag = 0, tagged = "4+")])));
        assert!(refused(parse_quote!(#[field(versions = "4+", tag = 0)])));
        assert!(refused(parse_quote!(#[field(versions = "4+", tagged = "4+")])));
        assert!(refused(parse_quote!(#[field(versions = "4+", tag = 0, tagged = "3+")])));
        assert!(refused(parse_quote!(#[field(since = "4+")])));
    }
}
