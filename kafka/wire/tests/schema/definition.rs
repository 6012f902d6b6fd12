//! Kafka's message definitions: JSON with comments, inside the jar of its clients.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;
use strait_wire::schema::Range;

/// A range that holds no version.
pub(crate) const NONE: Range = Range { low: i16::MAX, high: -1 };

/// A message as Kafka defines it.
pub(crate) struct Definition {
    /// `None` for what travels inside other messages.
    pub(crate) key: Option<i16>,
    pub(crate) versions: Range,
    pub(crate) flexible: Range,
    pub(crate) fields: Vec<Field>,
}

/// A field with those of the struct in its type.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) versions: Range,
    pub(crate) nullable: Range,
    pub(crate) tagged: Range,
    pub(crate) tag: Option<u64>,
    pub(crate) default: Option<String>,
    pub(crate) ignorable: bool,
    pub(crate) fields: Vec<Field>,
}

/// All requests, responses and messages inside them in a jar, by name.
pub(crate) fn read_jar(path: &Path) -> BTreeMap<String, Definition> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut jar = zip::ZipArchive::new(file).expect("a jar");
    let mut definitions = BTreeMap::new();
    for index in 0..jar.len() {
        let mut entry = jar.by_index(index).expect("an entry");
        let name = entry.name().expect("a name").into_owned();
        if !name.starts_with("common/message/") || !name.ends_with(".json") {
            continue;
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        let json: Value =
            serde_json::from_str(&without_comments(&text)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let is_message = ["request", "response", "data"].iter().any(|kind| json["type"] == *kind);
        // An API that was removed keeps its definition, without versions and without fields.
        if is_message && json["validVersions"] != "none" {
            definitions.insert(text_of(&json, "name").expect("a name"), definition(&json));
        }
    }
    definitions
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| &line[..comment_start(line)]).collect::<Vec<_>>().join("\n")
}

/// Where `//` outside a string begins, or the line's end.
fn comment_start(line: &str) -> usize {
    let mut in_string = false;
    let mut escaped = false;
    for (at, character) in line.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => in_string = !in_string,
            '/' if !in_string && line[at..].starts_with("//") => return at,
            _ => {}
        }
    }
    line.len()
}

fn definition(json: &Value) -> Definition {
    let commons = json["commonStructs"].as_array().map_or(&[][..], Vec::as_slice);
    Definition {
        key: json["apiKey"].as_i64().and_then(|key| i16::try_from(key).ok()),
        versions: range(json, "validVersions").expect("validVersions"),
        flexible: range(json, "flexibleVersions").unwrap_or(NONE),
        fields: fields(json, commons),
    }
}

fn fields(json: &Value, commons: &[Value]) -> Vec<Field> {
    json["fields"].as_array().expect("fields").iter().map(|json| field(json, commons)).collect()
}

fn field(json: &Value, commons: &[Value]) -> Field {
    let type_name = text_of(json, "type").expect("type");
    let element = type_name.trim_start_matches("[]");
    let common = commons.iter().find(|common| common["name"] == *element);
    let holder = if json["fields"].is_array() { Some(json) } else { common };
    Field {
        name: snake_case(&text_of(json, "name").expect("name")),
        versions: range(json, "versions").expect("versions"),
        nullable: range(json, "nullableVersions").unwrap_or(NONE),
        tagged: range(json, "taggedVersions").unwrap_or(NONE),
        tag: json["tag"].as_u64(),
        default: text_of(json, "default"),
        ignorable: json["ignorable"] == true,
        fields: holder.map_or_else(Vec::new, |holder| fields(holder, commons)),
        type_name,
    }
}

/// Some defaults are numbers or booleans, most are text.
fn text_of(json: &Value, key: &str) -> Option<String> {
    match &json[key] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn range(json: &Value, key: &str) -> Option<Range> {
    let text = text_of(json, key)?;
    let number = |part: &str| part.parse::<i16>().unwrap_or_else(|_| panic!("{key}: {text}"));
    Some(match (text.as_str(), text.strip_suffix('+'), text.split_once('-')) {
        ("none", ..) => NONE,
        (_, Some(low), _) => Range { low: number(low), high: i16::MAX },
        (_, _, Some((low, high))) => Range { low: number(low), high: number(high) },
        (only, ..) => Range { low: number(only), high: number(only) },
    })
}

pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}
