//! Who this broker is: `meta.properties` in Kafka's format, version 1, written at the first start.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use strait_wire::ids::Uuid;

use crate::random::{self, NoRandomnessError};

const FILE: &str = "meta.properties";

/// The folder belongs to nobody that this broker could be.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: `{key}` is `{found}`", path.display())]
    Malformed { path: PathBuf, key: &'static str, found: String },
    #[error("{} belongs to broker {found}, this one is {wanted}", path.display())]
    OtherBroker { path: PathBuf, found: i32, wanted: i32 },
    #[error(transparent)]
    NoRandomness(#[from] NoRandomnessError),
}

/// Ids that never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) cluster_id: String,
    pub(crate) directory_id: Uuid,
}

/// Reads the file, or writes it with new ids where there is none.
pub(crate) fn load(folder: &Path, node_id: i32) -> Result<Identity, IdentityError> {
    let path = folder.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => parse(&text, &path, node_id),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(&path, node_id),
        Err(source) => Err(IdentityError::Io { path, source }),
    }
}

fn parse(text: &str, path: &Path, node_id: i32) -> Result<Identity, IdentityError> {
    let value = |key: &'static str| {
        let found = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
        found.unwrap_or_default().trim().to_owned()
    };
    let malformed =
        |key: &'static str| IdentityError::Malformed { path: path.to_owned(), key, found: value(key) };
    if value("version") != "1" {
        return Err(malformed("version"));
    }
    let found: i32 = value("node.id").parse().map_err(|_| malformed("node.id"))?;
    if found != node_id {
        return Err(IdentityError::OtherBroker { path: path.to_owned(), found, wanted: node_id });
    }
    let cluster_id = Some(value("cluster.id")).filter(|id| !id.is_empty());
    Ok(Identity {
        cluster_id: cluster_id.ok_or_else(|| malformed("cluster.id"))?,
        directory_id: value("directory.id").parse().map_err(|_| malformed("directory.id"))?,
    })
}

fn create(path: &Path, node_id: i32) -> Result<Identity, IdentityError> {
    let identity = Identity { cluster_id: random::uuid()?.to_string(), directory_id: random::uuid()? };
    let Identity { cluster_id, directory_id } = &identity;
    let text =
        format!("#\ncluster.id={cluster_id}\ndirectory.id={directory_id}\nnode.id={node_id}\nversion=1\n");
    write_durably(path, &text).map_err(|source| IdentityError::Io { path: path.to_owned(), source })?;
    Ok(identity)
}

/// The whole file or none: beside it, flushed, then renamed.
fn write_durably(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("properties.tmp");
    let mut file = File::create(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_for_ever() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = load(folder.path(), 1).expect("made");
        assert_eq!(load(folder.path(), 1).expect("read"), first);
        assert!(matches!(
            load(folder.path(), 2),
            Err(IdentityError::OtherBroker { found: 1, wanted: 2, .. })
        ));
    }

    #[test]
    fn a_file_of_kafka_is_read() {
        let id = "AAAAAAAAAAAAAAAAAAAAAQ";
        let text = format!("#\n#Mon Nov 23\ncluster.id=abc\nversion=1\ndirectory.id={id}\nnode.id=3\n");
        let identity = parse(&text, Path::new("x"), 3).expect("read");
        assert_eq!((identity.cluster_id.as_str(), identity.directory_id.to_string().as_str()), ("abc", id));
        for broken in ["", "version=0\nnode.id=3", "version=1\nnode.id=x", "version=1\nnode.id=3"] {
            assert!(parse(broken, Path::new("x"), 3).is_err(), "{broken}");
        }
    }
}
