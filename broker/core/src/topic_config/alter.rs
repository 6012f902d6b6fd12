//! Changes to a topic's settings (IncrementalAlterConfigs, KIP-339).

use std::collections::BTreeSet;

use strait_wire::error_code::ErrorCode;

use super::configs::TopicConfigs;
use super::definitions::definition;
use super::rule::{ConfigError, ConfigType, elements};

/// What is done to a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlterOperation {
    Set,
    /// Back to the default.
    Delete,
    /// Adds elements to a list.
    Append,
    /// Takes elements out of a list.
    Subtract,
}

impl AlterOperation {
    /// The operation that a request names by number.
    pub fn of_id(id: i8) -> Option<Self> {
        match id {
            0 => Some(Self::Set),
            1 => Some(Self::Delete),
            2 => Some(Self::Append),
            3 => Some(Self::Subtract),
            _ => None,
        }
    }
}

/// A change of one setting.
#[derive(Clone, Copy, Debug)]
pub struct Alteration<'a> {
    pub name: &'a str,
    pub operation: AlterOperation,
    pub value: Option<&'a str>,
}

impl TopicConfigs {
    /// The settings after all changes; either all are made or none.
    ///
    /// # Errors
    /// A name that is not known or comes twice, a value that is not allowed, settings that contradict each other.
    pub fn altered(&self, alterations: &[Alteration<'_>]) -> Result<Self, ConfigError> {
        let mut configs = self.clone();
        let mut names = BTreeSet::new();
        for alteration in alterations {
            if !names.insert(alteration.name) {
                return Err(ConfigError::Repeated { name: alteration.name.to_owned() });
            }
            configs.alter(alteration)?;
        }
        configs.check_together()?;
        Ok(configs)
    }

    fn alter(&mut self, alteration: &Alteration<'_>) -> Result<(), ConfigError> {
        let Alteration { name, operation, value } = *alteration;
        let unknown = || ConfigError::UnknownName { name: name.to_owned() };
        let definition = definition(name).ok_or_else(unknown)?;
        if operation == AlterOperation::Delete {
            self.0.remove(definition.name);
            return Ok(());
        }
        let value = value.ok_or_else(|| ConfigError::NoValue { name: name.to_owned() })?;
        if operation == AlterOperation::Set {
            return self.set(name, value);
        }
        if definition.kind != ConfigType::List {
            return Err(ConfigError::NotAList { name: definition.name });
        }
        let mut kept: Vec<&str> = elements(self.get(name)).collect();
        if operation == AlterOperation::Subtract {
            kept.retain(|element| !elements(value).any(|gone| gone == *element));
        } else {
            kept.extend(
                elements(value).filter(|added| !elements(self.get(name)).any(|known| known == *added)),
            );
        }
        let joined = kept.join(",");
        self.set(name, &joined)
    }
}

impl ConfigError {
    /// Kafka's code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownName { .. }
            | Self::InvalidValue { .. }
            | Self::CompactionLag { .. }
            | Self::RemoteStorage
            | Self::NotAList { .. } => ErrorCode::INVALID_CONFIG,
            Self::NoValue { .. } | Self::Repeated { .. } => ErrorCode::INVALID_REQUEST,
        }
    }
}
