//! One message of ours against Kafka's, version by version.

use std::ops::RangeInclusive;

use strait_wire::schema::{Field as OurField, Range, Struct};

use super::definition::{Definition, Field as KafkaField};

/// Which versions are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// The ranges must be the same.
    AllVersions,
    /// Whether a field may be left out of a version is not compared: it never changes the bytes.
    VersionsBothKnow,
}

struct Comparison {
    room: Room,
    versions: RangeInclusive<i16>,
    differences: Vec<String>,
}

/// A line for each difference, with the message and the field it concerns.
pub(crate) fn compare(ours: &Struct, kafka: &Definition, room: Room) -> Vec<String> {
    let low = ours.versions.low.max(kafka.versions.low);
    let high = ours.versions.high.min(kafka.versions.high);
    let mut comparison = Comparison { room, versions: low..=high, differences: Vec::new() };
    let name = ours.name;
    comparison.equal(name, "API key", &ours.key, &kafka.key);
    if room == Room::AllVersions {
        comparison.equal(name, "valid versions", &ours.versions, &kafka.versions);
    }
    comparison.ranges(name, "flexible", ours.flexible, kafka.flexible);
    comparison.fields(name, ours.fields, &kafka.fields);
    comparison.differences
}

impl Comparison {
    fn equal<T: std::fmt::Debug + PartialEq>(&mut self, path: &str, what: &str, ours: &T, kafka: &T) {
        if ours != kafka {
            self.differences.push(format!("{path}: {what} is {ours:?}, Kafka's is {kafka:?}"));
        }
    }

    fn within(&self, range: Range) -> Vec<i16> {
        self.versions.clone().filter(|version| range.contains(*version)).collect()
    }

    /// Ranges are equal when no compared version tells them apart.
    fn ranges(&mut self, path: &str, what: &str, ours: Range, kafka: Range) {
        let (ours, kafka) = (self.within(ours), self.within(kafka));
        self.equal(path, &format!("{what} in versions"), &ours, &kafka);
    }

    fn fields(&mut self, path: &str, ours: &[OurField], kafka: &[KafkaField]) {
        let ours: Vec<&OurField> =
            ours.iter().filter(|field| !self.within(field.versions).is_empty()).collect();
        let kafka: Vec<&KafkaField> =
            kafka.iter().filter(|field| !self.within(field.versions).is_empty()).collect();
        let our_names: Vec<&str> = ours.iter().map(|field| field.name).collect();
        let kafka_names: Vec<&str> = kafka.iter().map(|field| field.name.as_str()).collect();
        self.equal(path, "the order of fields", &our_names, &kafka_names);
        for field in kafka {
            if let Some(our) = ours.iter().find(|our| our.name == field.name) {
                self.field(&format!("{path}.{}", field.name), our, field);
            }
        }
    }

    fn field(&mut self, path: &str, ours: &OurField, kafka: &KafkaField) {
        self.ranges(path, "present", ours.versions, kafka.versions);
        // What is said about versions without the field says nothing.
        let present = self.within(kafka.versions);
        let whole = std::mem::replace(&mut self.versions, present[0]..=present[present.len() - 1]);
        self.ranges(path, "nullable", ours.nullable, kafka.nullable);
        self.ranges(path, "tagged", ours.tagged, kafka.tagged);
        self.equal(path, "tag", &ours.tag.map(u64::from), &kafka.tag);
        if self.room == Room::AllVersions {
            self.equal(path, "ignorable", &ours.ignorable, &kafka.ignorable);
        }
        let nullable = !self.within(kafka.nullable).is_empty();
        self.equal(path, "type", &ours.type_name.to_owned(), &rust_type(&kafka.type_name, nullable));
        self.default(path, ours, kafka);
        let fields = ours.structure.map_or(&[][..], |structure| structure.fields);
        self.fields(path, fields, &kafka.fields);
        self.versions = whole;
    }

    /// A nullable field without a default is empty in Kafka and null here. Only a tagged field's default is seen on
    /// the wire, as what is left out.
    fn default(&mut self, path: &str, ours: &OurField, kafka: &KafkaField) {
        let optional = ours.type_name.starts_with("Option<");
        if optional && ours.default.is_none() && kafka.default.is_none() && kafka.tag.is_none() {
            return;
        }
        let unset = if optional { "null" } else { "" };
        let kafka = kafka.default.as_deref().unwrap_or_default();
        self.equal(path, "default", &plain(ours.default.unwrap_or(unset)), &plain(kafka));
    }
}

/// A default without the ways to write the same in several forms.
fn plain(default: &str) -> String {
    let hexadecimal = default.strip_prefix("0x").and_then(|digits| i64::from_str_radix(digits, 16).ok());
    match hexadecimal.map_or_else(|| default.to_owned(), |number| number.to_string()).as_str() {
        "0" | "false" | "0.0" => String::new(),
        other => other.to_owned(),
    }
}

/// The Rust type for one of Kafka's.
fn rust_type(kafka: &str, nullable: bool) -> String {
    let plain = match kafka.strip_prefix("[]") {
        Some(element) => format!("Vec<{}>", rust_type(element, false)),
        None => match kafka {
            "bool" => "bool".to_owned(),
            "int8" => "i8".to_owned(),
            "int16" => "i16".to_owned(),
            "uint16" => "u16".to_owned(),
            "int32" => "i32".to_owned(),
            "uint32" => "u32".to_owned(),
            "int64" => "i64".to_owned(),
            "float64" => "f64".to_owned(),
            "string" => "String".to_owned(),
            "bytes" => "Bytes".to_owned(),
            "uuid" => "Uuid".to_owned(),
            "records" => "RecordData".to_owned(),
            structure => structure.to_owned(),
        },
    };
    if nullable { format!("Option<{plain}>") } else { plain }
}
