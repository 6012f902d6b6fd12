//! Random messages made from the schema alone.

use strait_wire::codec::Message;
use strait_wire::schema::{Field, Range, Struct};

use super::random::Random;

/// How a message is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    /// With a tagged field in each struct that nobody knows.
    UnknownTags,
}

/// A number that no tagged field of Kafka has.
const UNKNOWN_TAG: u32 = 7_000;

/// Values that mean something to whoever reads the messages; half of all fields have one where there are any.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) texts: Vec<&'static str>,
    pub(crate) data: Vec<Vec<u8>>,
    /// Fields that are never larger than this number, nor negative.
    pub(crate) largest: Vec<(&'static str, usize)>,
}

struct Generator<'a> {
    random: &'a mut Random,
    style: Style,
    known: &'a Known,
    version: i16,
    flexible: bool,
}

/// The bytes of a random message.
pub(crate) fn message<M: Message>(version: i16, style: Style, known: &Known, random: &mut Random) -> Vec<u8> {
    let flexible = version >= M::FLEXIBLE_FROM;
    let mut out = Vec::new();
    Generator { random, style, known, version, flexible }.structure(M::STRUCT.expect("a schema"), &mut out);
    out
}

fn present(field: &Field, range: Range, version: i16) -> bool {
    field.versions.contains(version) && range.contains(version)
}

fn unsigned_varint(mut value: u32, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

impl Generator<'_> {
    fn structure(&mut self, structure: &Struct, out: &mut Vec<u8>) {
        for field in structure.fields {
            if field.versions.contains(self.version) && !field.tagged.contains(self.version) {
                self.field(field, out);
            }
        }
        if self.flexible {
            self.tags(structure, out);
        }
    }

    fn tags(&mut self, structure: &Struct, out: &mut Vec<u8>) {
        let mut fields: Vec<&Field> = structure.fields.iter().collect();
        fields.retain(|field| present(field, field.tagged, self.version));
        fields.sort_by_key(|field| field.tag);
        let mut tags: Vec<(u32, Vec<u8>)> = Vec::new();
        for field in fields {
            let (mut value, mut absent) = (Vec::new(), Vec::new());
            self.field(field, &mut value);
            self.default(field, &mut absent);
            if self.random.chance(60) && value != absent {
                tags.push((field.tag.expect("a tag"), value));
            }
        }
        if self.style == Style::UnknownTags {
            tags.push((UNKNOWN_TAG, b"unknown".to_vec()));
        }
        unsigned_varint(tags.len() as u32, out);
        for (tag, value) in tags {
            unsigned_varint(tag, out);
            unsigned_varint(value.len() as u32, out);
            out.extend(value);
        }
    }

    fn field(&mut self, field: &Field, out: &mut Vec<u8>) {
        let nullable = field.nullable.contains(self.version);
        match field.type_name.strip_prefix("Option<").and_then(|name| name.strip_suffix('>')) {
            Some(name) if nullable && self.random.chance(25) => self.null(name, out),
            Some(name) => self.value(name, field, nullable, out),
            None => self.value(field.type_name, field, false, out),
        }
    }

    fn value(&mut self, name: &str, field: &Field, nullable: bool, out: &mut Vec<u8>) {
        if let Some(element) = name.strip_prefix("Vec<").and_then(|name| name.strip_suffix('>')) {
            let count = self.random.below(4);
            self.long_length(count, out);
            (0..count).for_each(|_| self.value(element, field, false, out));
            return;
        }
        match name {
            "bool" => out.push(self.random.below(2) as u8),
            "i8" => out.extend((self.number(field) as i8).to_be_bytes()),
            "i16" | "u16" => out.extend((self.number(field) as i16).to_be_bytes()),
            "i32" | "u32" => out.extend((self.number(field) as i32).to_be_bytes()),
            "i64" => out.extend(self.number(field).to_be_bytes()),
            "f64" => out.extend((self.random.number() as i32 as f64 / 8.0).to_be_bytes()),
            "Uuid" => out.extend((0..16).map(|_| self.random.below(256) as u8).collect::<Vec<_>>()),
            "String" => self.text(out),
            "Bytes" | "RecordData" => self.bytes(out),
            _ => {
                if nullable {
                    out.push(1);
                }
                self.structure(field.structure.unwrap_or_else(|| panic!("{name} is not known")), out);
            }
        }
    }

    fn number(&mut self, field: &Field) -> i64 {
        match self.known.largest.iter().find(|(name, _)| *name == field.name) {
            Some((_, largest)) => self.random.below(largest + 1) as i64,
            None => self.random.number(),
        }
    }

    fn text(&mut self, out: &mut Vec<u8>) {
        const LETTERS: [char; 6] = ['a', 'Z', '-', '\0', 'ß', '語'];
        let known = &self.known.texts;
        if !known.is_empty() && self.random.chance(50) {
            let text = known[self.random.below(known.len())];
            self.short_length(text.len(), out);
            out.extend(text.as_bytes());
            return;
        }
        let length = self.random.length();
        let text: String = (0..length).map(|_| LETTERS[self.random.below(LETTERS.len())]).collect();
        self.short_length(text.len(), out);
        out.extend(text.as_bytes());
    }

    fn bytes(&mut self, out: &mut Vec<u8>) {
        let known = &self.known.data;
        if !known.is_empty() && self.random.chance(50) {
            let data = &known[self.random.below(known.len())];
            self.long_length(data.len(), out);
            out.extend(data);
            return;
        }
        let length = self.random.length();
        self.long_length(length, out);
        out.extend((0..length).map(|_| self.random.below(256) as u8).collect::<Vec<_>>());
    }

    fn short_length(&self, length: usize, out: &mut Vec<u8>) {
        match self.flexible {
            true => unsigned_varint(length as u32 + 1, out),
            false => out.extend((length as i16).to_be_bytes()),
        }
    }

    fn long_length(&self, length: usize, out: &mut Vec<u8>) {
        match self.flexible {
            true => unsigned_varint(length as u32 + 1, out),
            false => out.extend((length as i32).to_be_bytes()),
        }
    }

    fn null(&self, name: &str, out: &mut Vec<u8>) {
        match name {
            "String" if !self.flexible => out.extend((-1_i16).to_be_bytes()),
            "Bytes" | "RecordData" | "String" => self.null_length(out),
            _ if name.starts_with("Vec<") => self.null_length(out),
            _ => out.push(0xff),
        }
    }

    fn null_length(&self, out: &mut Vec<u8>) {
        match self.flexible {
            true => out.push(0),
            false => out.extend((-1_i32).to_be_bytes()),
        }
    }

    fn default(&self, field: &Field, out: &mut Vec<u8>) {
        let number = || field.default.map_or(0, |text| text.parse::<i64>().expect("a number"));
        match field.type_name {
            "bool" => out.push(u8::from(field.default == Some("true"))),
            "i8" => out.extend((number() as i8).to_be_bytes()),
            "i16" => out.extend((number() as i16).to_be_bytes()),
            "i32" => out.extend((number() as i32).to_be_bytes()),
            "i64" => out.extend(number().to_be_bytes()),
            "Uuid" => out.extend([0; 16]),
            "String" => self.short_length(0, out),
            name if name.starts_with("Vec<") => self.long_length(0, out),
            name if name.starts_with("Option<") => self.null(&name["Option<".len()..name.len() - 1], out),
            name => {
                let structure = field.structure.unwrap_or_else(|| panic!("{name} is not known"));
                for field in structure.fields.iter().filter(|field| field.tag.is_none()) {
                    self.default(field, out);
                }
                out.push(0);
            }
        }
    }
}
