//! What can be wrong with bytes, and with values that a version can't carry.

/// Bytes that are not what the protocol says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("{wanted} bytes wanted, {present} present")]
    Truncated { wanted: usize, present: usize },
    #[error("{what} has length {length}, which is not allowed")]
    InvalidLength { what: &'static str, length: i64 },
    #[error("{count} elements of at least {element_size} bytes announced, {present} bytes present")]
    TooManyElements { count: usize, element_size: usize, present: usize },
    #[error("an array takes {wanted} bytes of memory, {allowance} are left for a message of this length")]
    TooMuchMemory { wanted: usize, allowance: usize },
    #[error("a varint is longer than {limit} bytes")]
    VarintTooLong { limit: usize },
    #[error("a string is not UTF-8 after {valid} bytes")]
    InvalidUtf8 { valid: usize },
    #[error("a boolean is {value}")]
    InvalidBoolean { value: u8 },
    #[error("null where version {version} of {field} allows none")]
    UnexpectedNull { field: &'static str, version: i16 },
    #[error("tag {tag} after tag {previous}")]
    TagOrder { tag: u32, previous: u32 },
    #[error("version {version} of {message} is outside {min} to {max}")]
    UnsupportedVersion { message: &'static str, version: i16, min: i16, max: i16 },
    #[error("field {field}: {source}")]
    Field { field: &'static str, source: Box<DecodeError> },
}

impl DecodeError {
    /// Names the field that the error was met in.
    pub fn in_field(self, field: &'static str) -> Self {
        Self::Field { field, source: Box::new(self) }
    }
}

/// A value that can't be written in the wanted version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    #[error("version {version} of {message} is outside {min} to {max}")]
    UnsupportedVersion { message: &'static str, version: i16, min: i16, max: i16 },
    #[error("field {field} can't be sent in version {version}")]
    FieldNotInVersion { field: &'static str, version: i16 },
    #[error("null where version {version} of {field} allows none")]
    UnexpectedNull { field: &'static str, version: i16 },
    #[error("{what} of {length} is too long")]
    TooLong { what: &'static str, length: usize },
}
