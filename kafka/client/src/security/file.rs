//! Files of certificates, keys and passwords.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::SecurityError;

/// Far above every trust store.
const LIMIT: u64 = 16 << 20;

pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecurityError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 > LIMIT => {
            Err(unusable(path, &format!("it has more than {LIMIT} bytes")))
        }
        Ok(_) => Ok(bytes),
        Err(source) => Err(SecurityError::Unreadable { file: path.to_owned(), source }),
    }
}

pub(super) fn read_text(path: &Path) -> Result<Zeroizing<String>, SecurityError> {
    let bytes = read(path)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => {
            let source = io::Error::new(io::ErrorKind::InvalidData, error);
            Err(SecurityError::Unreadable { file: path.to_owned(), source })
        }
    }
}

pub(super) fn unusable(path: &Path, reason: &str) -> SecurityError {
    SecurityError::Unusable { file: path.to_owned(), reason: reason.to_owned() }
}
