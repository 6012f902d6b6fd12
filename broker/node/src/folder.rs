//! The data folder: one broker at a time, and a cluster id from its first start on (`meta.properties`).

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::environment::random_id;
use crate::error::BrokerError;

const LOCK: &str = ".lock";
const PROPERTIES: &str = "meta.properties";
/// The node's id; there is one node.
pub(crate) const NODE_ID: i32 = 1;

/// A folder that is ours until this is dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) cluster_id: String,
    /// It was formatted just now.
    pub(crate) is_new: bool,
    _lock: File,
}

impl Folder {
    /// Locks the folder; an empty one is formatted.
    pub(crate) fn open(path: &Path) -> Result<Self, BrokerError> {
        fs::create_dir_all(path).map_err(failed("make", path))?;
        let lock = lock(path)?;
        let properties = path.join(PROPERTIES);
        let (cluster_id, is_new) = match fs::read_to_string(&properties) {
            Ok(text) => (cluster_id(&text).ok_or(BrokerError::NoClusterId { path: properties })?, false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (format(path, &properties)?, true),
            Err(source) => return Err(failed("read", &properties)(source)),
        };
        Ok(Self { path: path.to_owned(), cluster_id, is_new, _lock: lock })
    }
}

fn lock(path: &Path) -> Result<File, BrokerError> {
    let path = path.join(LOCK);
    let mut options = File::options();
    let file = options.create(true).truncate(false).write(true).open(&path).map_err(failed("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BrokerError::Locked { path }),
        Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
    }
}

fn cluster_id(text: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix("cluster.id="))?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// Writes the properties as Kafka's storage tool does; they are whole or not there.
fn format(folder: &Path, properties: &Path) -> Result<String, BrokerError> {
    let (cluster_id, directory_id) = (random_id()?, random_id()?);
    let text =
        format!("version=1\ncluster.id={cluster_id}\nnode.id={NODE_ID}\ndirectory.id={directory_id}\n");
    let draft = folder.join("meta.properties.tmp");
    fs::write(&draft, text).map_err(failed("write", &draft))?;
    File::open(&draft).and_then(|file| file.sync_all()).map_err(failed("sync", &draft))?;
    fs::rename(&draft, properties).map_err(failed("rename", &draft))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))?;
    Ok(cluster_id.to_string())
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BrokerError {
    let path = path.to_owned();
    move |source| BrokerError::Folder { operation, path, source }
}

#[cfg(test)]
mod tests {
    use super::Folder;
    use crate::error::BrokerError;

    #[test]
    fn a_folder_keeps_its_cluster_id() {
        let place = tempfile::tempdir().expect("a folder");
        let first = Folder::open(place.path()).expect("formatted").cluster_id;
        assert_eq!(Folder::open(place.path()).expect("opened").cluster_id, first);
        assert_eq!(first.len(), 22);
    }

    #[test]
    fn a_folder_has_one_broker() {
        let place = tempfile::tempdir().expect("a folder");
        let _held = Folder::open(place.path()).expect("formatted");
        assert!(matches!(Folder::open(place.path()), Err(BrokerError::Locked { .. })));
    }
}
