//! Java key stores, as `keytool -storetype JKS` writes them. Lengths come from the file and are checked against it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA1_OUTPUT_LEN};
use zeroize::Zeroizing;

pub(super) const MAGIC: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];
const KEY_ENTRY: u32 = 1;
const CERTIFICATE_ENTRY: u32 = 2;
/// What Java puts between password and content.
const WHITENER: &[u8] = b"Mighty Aphrodite";
/// 1.3.6.1.4.1.42.2.17.1.1, the only protection of keys there is in this format.
const KEY_PROTECTOR: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0x2a, 0x02, 0x11, 0x01, 0x01];

/// Why a store can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JksError {
    #[error("it is no whole Java key store")]
    Malformed,
    #[error("its password is wrong, or it is damaged")]
    WrongPassword,
    #[error("the password of its key is wrong")]
    WrongKeyPassword,
    #[error("its key is protected in an unknown way")]
    UnknownProtection,
}

/// What a store holds, each certificate and key as DER.
#[derive(Debug, Default)]
pub(super) struct JavaKeyStore {
    pub(super) trusted: Vec<Vec<u8>>,
    pub(super) keys: Vec<KeyEntry>,
}

#[derive(Debug)]
pub(super) struct KeyEntry {
    protected: Vec<u8>,
    pub(super) chain: Vec<Vec<u8>>,
}

/// Reads a store; without a password its integrity is not checked.
pub(super) fn read(bytes: &[u8], password: Option<&str>) -> Result<JavaKeyStore, JksError> {
    let (content, digest) =
        bytes.len().checked_sub(SHA1_OUTPUT_LEN).map(|end| bytes.split_at(end)).ok_or(JksError::Malformed)?;
    let store = parse(&mut Input(content)).ok_or(JksError::Malformed)?;
    if let Some(password) = password {
        let expected = sha1(&[&utf_16(password), WHITENER, content]);
        verify_slices_are_equal(&expected, digest).map_err(|_| JksError::WrongPassword)?;
    }
    Ok(store)
}

fn parse(input: &mut Input<'_>) -> Option<JavaKeyStore> {
    let (magic, version, count) = (input.take(4)?, input.u32()?, input.u32()?);
    if magic != MAGIC || !(1..=2).contains(&version) {
        return None;
    }
    let mut store = JavaKeyStore::default();
    for _ in 0..count {
        let tag = input.u32()?;
        let alias_length = input.u16()?;
        input.take(usize::from(alias_length) + 8)?;
        match tag {
            KEY_ENTRY => {
                let protected = input.counted()?.to_vec();
                let count = input.u32()?;
                let mut chain = Vec::new();
                for _ in 0..count {
                    chain.push(input.certificate(version)?);
                }
                store.keys.push(KeyEntry { protected, chain });
            }
            CERTIFICATE_ENTRY => store.trusted.push(input.certificate(version)?),
            _ => return None,
        }
    }
    input.0.is_empty().then_some(store)
}

impl KeyEntry {
    /// The key as PKCS#8.
    pub(super) fn open(&self, password: &str) -> Result<Zeroizing<Vec<u8>>, JksError> {
        let data = protected_data(&self.protected)?;
        let end = data.len().checked_sub(SHA1_OUTPUT_LEN).ok_or(JksError::Malformed)?;
        let (salted, check) = data.split_at(end);
        let (salt, encrypted) = salted.split_at_checked(SHA1_OUTPUT_LEN).ok_or(JksError::Malformed)?;
        let password = utf_16(password);
        let mut key = Zeroizing::new(Vec::with_capacity(encrypted.len()));
        let mut block = salt.to_vec();
        for chunk in encrypted.chunks(SHA1_OUTPUT_LEN) {
            block = sha1(&[&password, &block]);
            key.extend(chunk.iter().zip(&block).map(|(byte, mask)| byte ^ mask));
        }
        let expected = sha1(&[&password, &key]);
        verify_slices_are_equal(&expected, check).map_err(|_| JksError::WrongKeyPassword)?;
        Ok(key)
    }
}

/// The octets inside of `EncryptedPrivateKeyInfo`.
fn protected_data(der: &[u8]) -> Result<&[u8], JksError> {
    let (outer, _) = element(der, 0x30).ok_or(JksError::Malformed)?;
    let (algorithm, rest) = element(outer, 0x30).ok_or(JksError::Malformed)?;
    let (identifier, _) = element(algorithm, 0x06).ok_or(JksError::Malformed)?;
    if identifier != KEY_PROTECTOR {
        return Err(JksError::UnknownProtection);
    }
    element(rest, 0x04).map(|(data, _)| data).ok_or(JksError::Malformed)
}

/// Content of a DER element with this tag, and what follows it.
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = input.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x0f))?;
            (bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }

    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// From version 2 on its type stands before it.
    fn certificate(&mut self, version: u32) -> Option<Vec<u8>> {
        if version == 2 {
            let length = self.u16()?;
            self.take(usize::from(length))?;
        }
        self.counted().map(<[u8]>::to_vec)
    }
}

fn utf_16(password: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.encode_utf16().flat_map(u16::to_be_bytes).collect())
}

fn sha1(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        context.update(part);
    }
    context.finish().as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_cut_anywhere_is_no_store() {
        let mut store = MAGIC.to_vec();
        store.extend([0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, b'a', 0, 0, 0, 0, 0, 0, 0, 0]);
        store.extend([0, 5, b'X', b'.', b'5', b'0', b'9', 0, 0, 0, 2, 0x30, 0]);
        let digest = sha1(&[&utf_16("changeit"), WHITENER, &store]);
        store.extend(digest);
        assert_eq!(read(&store, Some("changeit")).expect("a store").trusted, [vec![0x30, 0]]);
        assert_eq!(read(&store, Some("wrong")).err(), Some(JksError::WrongPassword));
        for length in 0..store.len() {
            assert_eq!(read(&store[..length], None).err(), Some(JksError::Malformed), "{length} bytes");
        }
    }

    #[test]
    fn a_count_that_lies_ends_at_the_file() {
        let store = [&MAGIC[..], &[0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff], &[0; 40]].concat();
        assert_eq!(read(&store, None).err(), Some(JksError::Malformed));
    }
}
