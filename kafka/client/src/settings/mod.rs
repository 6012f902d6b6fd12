//! Settings of producer and consumer: Kafka's names, defaults, limits and words of refusal (`ConfigDef`).

// How values of each type are read and written.
mod values;
// Spans of time as ISO 8601 writes them.
mod duration;

pub use values::Chosen;
pub(crate) use values::{Choice, Setting, choose};

pub(crate) use duration::{parse_duration, print_duration};

/// A setting that can't be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    #[error("Invalid value {value} for configuration {key}: {reason}")]
    Invalid { key: &'static str, value: String, reason: String },
    #[error("{client} has no setting {key}")]
    Unknown { client: &'static str, key: String },
    /// Settings that contradict each other, or that are not served.
    #[error("{reason}")]
    Conflict { key: &'static str, reason: String },
}

impl SettingError {
    pub(crate) fn conflict(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Conflict { key, reason: reason.into() }
    }
}

/// Reads one value and holds it to its lower bound.
pub(crate) fn read<T: Setting>(key: &'static str, text: &str, least: Option<i64>) -> Result<T, SettingError> {
    let invalid = |reason| SettingError::Invalid { key, value: text.to_owned(), reason };
    let value = T::parse(text.trim()).map_err(invalid)?;
    match least.zip(value.number()) {
        Some((least, number)) if number < least => Err(invalid(format!("Value must be at least {least}"))),
        _ => Ok(value),
    }
}

/// A table of settings becomes a struct with a public field for each, its defaults, and its reader.
macro_rules! settings {
    (
        $(#[$meta:meta])*
        $name:ident of $client:literal {
            $($(#[$doc:meta])* $key:literal $field:ident: $type:ty = $default:expr $(, at least $least:literal)?;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            /// Kafka's names of all settings.
            pub const KEYS: &'static [&'static str] = &[$($key,)*];

            /// The defaults with these in their place, each by Kafka's name.
            pub fn from_properties<'a>(
                properties: impl IntoIterator<Item = (&'a str, &'a str)>,
            ) -> Result<Self, $crate::settings::SettingError> {
                let mut config = Self::default();
                for (key, value) in properties {
                    config.set(key, value)?;
                }
                config.check()?;
                Ok(config)
            }

            /// Sets one by Kafka's name.
            pub fn set(&mut self, key: &str, value: &str) -> Result<(), $crate::settings::SettingError> {
                match key {
                    $($key => {
                        let least = None::<i64>$(.or(Some($least)))?;
                        self.$field = $crate::settings::read($key, value, least)?;
                    })*
                    _ => {
                        let (client, key) = ($client, key.to_owned());
                        return Err($crate::settings::SettingError::Unknown { client, key });
                    }
                }
                Ok(())
            }

            /// What one is set to, as Kafka writes it; `None` for a name that is not known.
            pub fn get(&self, key: &str) -> Option<String> {
                match key {
                    $($key => Some($crate::settings::Setting::print(&self.$field)),)*
                    _ => None,
                }
            }

            /// Fields that were set in code are held to the same limits.
            fn check_limits(&self) -> Result<(), $crate::settings::SettingError> {
                $(
                    let least = None::<i64>$(.or(Some($least)))?;
                    let value = $crate::settings::Setting::print(&self.$field);
                    if value != "null" {
                        $crate::settings::read::<$type>($key, &value, least)?;
                    }
                )*
                Ok(())
            }
        }
    };
}

pub(crate) use settings;
