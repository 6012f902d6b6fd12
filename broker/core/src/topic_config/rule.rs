//! Types of settings and what their values may be (`ConfigDef`).

/// The type of a setting, with Kafka's number in DescribeConfigs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigType {
    Boolean,
    String,
    Int,
    Long,
    Double,
    List,
}

impl ConfigType {
    /// The number in DescribeConfigs from version 3 on.
    pub fn id(self) -> i8 {
        match self {
            Self::Boolean => 1,
            Self::String => 2,
            Self::Int => 3,
            Self::Long => 5,
            Self::Double => 6,
            Self::List => 7,
        }
    }

    /// Kafka's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::String => "STRING",
            Self::Int => "INT",
            Self::Long => "LONG",
            Self::Double => "DOUBLE",
            Self::List => "LIST",
        }
    }
}

/// What a value may be, beyond its type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    Any,
    AtLeast(i64),
    Between(i64, i64),
    /// Between the first two, or the third.
    BetweenOr(i64, i64, i64),
    /// A part from 0 to 1.
    Ratio,
    OneOf(&'static [&'static str]),
    /// Each element of a list.
    EachOf(&'static [&'static str]),
    /// `*`, or pairs of partition and broker.
    ThrottledReplicas,
}

/// A value that a setting can't have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("Unknown topic config name: {name}")]
    UnknownName { name: String },
    #[error("Invalid value {value} for configuration {name}: {reason}")]
    InvalidValue { name: &'static str, value: String, reason: String },
    #[error(
        "conflict topic config setting min.compaction.lag.ms ({min_ms}) > max.compaction.lag.ms ({max_ms})"
    )]
    CompactionLag { min_ms: i64, max_ms: i64 },
    #[error("tiered storage is not there: remote.storage.enable can't be set")]
    RemoteStorage,
    #[error("{name} is no list: APPEND and SUBTRACT are not possible")]
    NotAList { name: &'static str },
    #[error("{name} is set without a value")]
    NoValue { name: String },
    #[error("{name} is changed twice in one request")]
    Repeated { name: String },
}

/// The elements of a list as Kafka writes it.
pub(super) fn elements(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|element| !element.is_empty())
}

/// Why a value is not allowed.
pub(super) fn check(kind: ConfigType, rule: Rule, value: &str) -> Result<(), String> {
    let value = value.trim();
    match kind {
        ConfigType::Boolean => {
            let is_boolean = value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false");
            is_boolean.then_some(()).ok_or_else(|| "Expected value to be either true or false".to_owned())
        }
        ConfigType::String | ConfigType::List => check_text(rule, value),
        ConfigType::Int => check_number(rule, value.parse::<i32>().ok().map(i64::from), kind),
        ConfigType::Long => check_number(rule, value.parse().ok(), kind),
        ConfigType::Double => check_ratio(rule, value.parse().ok(), kind),
    }
}

fn check_number(rule: Rule, number: Option<i64>, kind: ConfigType) -> Result<(), String> {
    let number = number.ok_or_else(|| format!("Not a number of type {}", kind.name()))?;
    match rule {
        Rule::AtLeast(low) if number < low => Err(format!("Value must be at least {low}")),
        Rule::Between(low, _) if number < low => Err(format!("Value must be at least {low}")),
        Rule::Between(_, high) if number > high => Err(format!("Value must be no more than {high}")),
        Rule::BetweenOr(low, high, other) if !(low..=high).contains(&number) && number != other => {
            Err(format!("Value must be between {low} and {high} or equal to {other}"))
        }
        _ => Ok(()),
    }
}

fn check_ratio(rule: Rule, number: Option<f64>, kind: ConfigType) -> Result<(), String> {
    let number = number.ok_or_else(|| format!("Not a number of type {}", kind.name()))?;
    match rule {
        Rule::Ratio if number > 1.0 => Err("Value must be no more than 1".to_owned()),
        Rule::Ratio if number.is_nan() || number < 0.0 => Err("Value must be at least 0".to_owned()),
        _ => Ok(()),
    }
}

fn check_text(rule: Rule, value: &str) -> Result<(), String> {
    match rule {
        Rule::OneOf(allowed) if !allowed.contains(&value) => Err(one_of(allowed)),
        Rule::EachOf(allowed) if !elements(value).all(|element| allowed.contains(&element)) => {
            Err(one_of(allowed))
        }
        Rule::ThrottledReplicas if value != "*" && !elements(value).all(is_replica) => {
            Err("it must be '*' or a list of [partitionId]:[brokerId]".to_owned())
        }
        _ => Ok(()),
    }
}

fn is_replica(element: &str) -> bool {
    element
        .split_once(':')
        .is_some_and(|(partition, broker)| partition.parse::<u32>().is_ok() && broker.parse::<u32>().is_ok())
}

fn one_of(allowed: &[&str]) -> String {
    format!("String must be one of: {}", allowed.join(", "))
}
