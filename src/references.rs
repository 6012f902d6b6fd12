//! Values that stand elsewhere: `${env:NAME}`, `${file:PATH:KEY}` (a Java properties file) and `${dir:PATH:FILE}`.

use std::path::Path;

use crate::properties;

/// Where a reference points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    /// An environment variable.
    Environment,
    /// A key of a Java properties file.
    File,
    /// A whole file in a folder.
    Folder,
}

/// Why a reference has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReferenceError {
    #[error("environment variable `{name}` is not set")]
    NotSet { name: String },
    #[error("`{path}` can't be read: {reason}")]
    Unreadable { path: String, reason: String },
    #[error("`{path}` has no key `{key}`")]
    NoKey { path: String, key: String },
    #[error("`{text}` names the provider `{provider}`, which is not known")]
    UnknownProvider { text: String, provider: String },
}

/// One `${provider:path:key}` in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference<'a> {
    /// Where it begins.
    pub(crate) at: usize,
    /// The whole reference.
    pub(crate) text: &'a str,
    pub(crate) provider: &'a str,
    pub(crate) path: &'a str,
    pub(crate) key: &'a str,
}

/// The names that Strait's own files use.
pub(crate) fn own_provider(name: &str) -> Option<Provider> {
    match name {
        "env" => Some(Provider::Environment),
        "file" => Some(Provider::File),
        "dir" => Some(Provider::Folder),
        _ => None,
    }
}

/// The first reference in `text`: between `${` and `}`, with one or two colons.
pub(crate) fn first(text: &str) -> Option<Reference<'_>> {
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let end = start + text[start..].find('}')? + 1;
        let inside = &text[start + 2..end - 1];
        if let Some((provider, rest)) = inside.split_once(':') {
            let (path, key) = rest.split_once(':').unwrap_or(("", rest));
            return Some(Reference { at: start, text: &text[start..end], provider, path, key });
        }
        from = end;
    }
    None
}

/// `text` with every reference replaced; `provider_of` knows the names.
pub(crate) fn resolve(
    text: &str,
    provider_of: impl Fn(&str) -> Option<Provider>,
) -> Result<String, ReferenceError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(reference) = first(rest) {
        out.push_str(&rest[..reference.at]);
        let provider = provider_of(reference.provider).ok_or_else(|| ReferenceError::UnknownProvider {
            text: reference.text.to_owned(),
            provider: reference.provider.to_owned(),
        })?;
        out.push_str(&value_of(provider, &reference)?);
        rest = &rest[reference.at + reference.text.len()..];
    }
    out.push_str(rest);
    Ok(out)
}

fn value_of(provider: Provider, reference: &Reference<'_>) -> Result<String, ReferenceError> {
    match provider {
        Provider::Environment => std::env::var(reference.key)
            .map_err(|_| ReferenceError::NotSet { name: reference.key.to_owned() }),
        Provider::File => key_of_file(reference.path, reference.key),
        Provider::Folder => {
            let bytes = read(&Path::new(reference.path).join(reference.key))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
    }
}

fn key_of_file(path: &str, key: &str) -> Result<String, ReferenceError> {
    let bytes = read(Path::new(path))?;
    let entries = properties::parse(&bytes)
        .map_err(|error| ReferenceError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
    let found = entries.into_iter().rev().find(|entry| entry.key == key);
    let missing = || ReferenceError::NoKey { path: path.to_owned(), key: key.to_owned() };
    found.map(|entry| entry.value).ok_or_else(missing)
}

fn read(path: &Path) -> Result<Vec<u8>, ReferenceError> {
    let unreadable = |error: std::io::Error| ReferenceError::Unreadable {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    std::fs::read(path).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_taken_apart() {
        let found = first("x ${1} ${file:/run/secret:east.password} y").expect("one");
        assert_eq!((found.provider, found.path, found.key), ("file", "/run/secret", "east.password"));
        let found = first("${env:HOME}").expect("one");
        assert_eq!((found.provider, found.path, found.key), ("env", "", "HOME"));
        assert_eq!(first("${1}-${name}-${"), None);
    }

    #[test]
    fn values_come_from_files_and_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret.properties");
        std::fs::write(&file, "password = se\\u0063ret\n").expect("written");
        let (folder, file) = (folder.path().display(), file.display());
        let text = format!("<${{file:{file}:password}}> <${{dir:{folder}:secret.properties}}>");
        let resolved = resolve(&text, own_provider).expect("resolved");
        assert_eq!(resolved, "<secret> <password = se\\u0063ret\n>");
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = resolve("${env:STRAIT_TEST_NOT_SET}", own_provider).expect_err("not set");
        assert_eq!(error, ReferenceError::NotSet { name: "STRAIT_TEST_NOT_SET".to_owned() });
        let error = resolve("${vault:a:b}", own_provider).expect_err("unknown");
        assert!(error.to_string().contains("`vault`"), "{error}");
    }
}
