//! How values of each type are read and written: `ConfigDef.parseType` and its validators.

use strait_wire::batch::Compression;

/// A type that a setting can have.
pub(crate) trait Setting: Sized {
    /// The value, or what was expected in its place.
    fn parse(text: &str) -> Result<Self, String>;
    fn print(&self) -> String;
    /// For limits.
    fn number(&self) -> Option<i64> {
        None
    }
}

macro_rules! numbers {
    ($($type:ident $name:literal,)*) => {$(
        impl Setting for $type {
            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| concat!("Not a number of type ", $name).to_owned())
            }
            fn print(&self) -> String {
                self.to_string()
            }
            fn number(&self) -> Option<i64> {
                Some(i64::from(*self))
            }
        }
    )*};
}

numbers! {
    i32 "INT",
    i64 "LONG",
}

impl Setting for bool {
    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("Expected value to be either true or false".to_owned()),
        }
    }
    fn print(&self) -> String {
        self.to_string()
    }
}

/// A text that may be missing and must not be empty.
impl Setting for Option<String> {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("String must be non-empty".to_owned()),
            text => Ok(Some(text.to_owned())),
        }
    }
    fn print(&self) -> String {
        self.clone().unwrap_or_else(|| "null".to_owned())
    }
}

/// A value, and whether somebody chose it: Kafka gives up a default where it must, but refuses a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen<T> {
    ByDefault(T),
    Explicitly(T),
}

impl<T: Copy> Chosen<T> {
    pub fn value(self) -> T {
        match self {
            Self::ByDefault(value) | Self::Explicitly(value) => value,
        }
    }

    pub(crate) fn is_explicit(self) -> bool {
        matches!(self, Self::Explicitly(_))
    }
}

impl<T> From<T> for Chosen<T> {
    fn from(value: T) -> Self {
        Self::Explicitly(value)
    }
}

impl<T: Setting + Copy> Setting for Chosen<T> {
    fn parse(text: &str) -> Result<Self, String> {
        T::parse(text).map(Self::Explicitly)
    }
    fn print(&self) -> String {
        self.value().print()
    }
    fn number(&self) -> Option<i64> {
        self.value().number()
    }
}

/// Values with names of their own.
pub(crate) type Choice<T> = (&'static str, T);

/// The value of a name out of a list.
pub(crate) fn choose<T: Copy>(choices: &[Choice<T>], text: &str) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        format!("String must be one of: {}", names.join(", "))
    })
}

impl Setting for Compression {
    fn parse(text: &str) -> Result<Self, String> {
        let all = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];
        choose(&all.map(|codec| (codec.name(), codec)), text)
    }
    fn print(&self) -> String {
        self.name().to_owned()
    }
}
