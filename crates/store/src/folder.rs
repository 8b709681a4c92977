//! The data folder: served by one process at a time, with secret files that are whole or not there.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::FlockOperation;

use crate::Error;

/// The right to serve a data folder; given back when dropped, and by the kernel when the process dies.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Makes the folder if it is not there and takes it. [`Error::InUse`] when another process has it.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("lock");
        std::fs::create_dir_all(folder).map_err(Error::file(format!(
            "making the data folder {}",
            folder.display()
        )))?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(Error::file(format!("opening {}", path.display())))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::InUse(folder.display().to_string())),
            Err(errno) => Err(Error::file(format!("locking {}", path.display()))(
                errno.into(),
            )),
        }
    }
}

/// Writes a secret file of mode 0600 that is on stable storage when this returns. It replaces a file of that name
/// as a whole; a crash leaves the old one or the new one.
pub fn write_secret(path: &Path, content: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let fresh = path.with_file_name(name);
    let doing = || Error::file(format!("writing {}", path.display()));
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(doing()(error)),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(doing())?;
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&fresh, path))
        .map_err(doing())?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    sync(folder)
}

/// Brings the names in a folder to stable storage: a new file is not there after a power cut before that.
pub(crate) fn sync(folder: &Path) -> Result<(), Error> {
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(Error::file(format!("syncing {}", folder.display())))
}

/// Reads a small file: `None` when it is not there, an error when it is larger than `limit` bytes.
pub fn read_small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let doing = || Error::file(format!("reading {}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(doing()(error)),
    };
    let mut content = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut content)
        .map_err(doing())?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > limit {
        return Err(doing()(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(Some(content))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn one_folder_is_served_once() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        assert!(matches!(Lock::take(folder.path()), Err(Error::InUse(_))));
        drop(lock);
        assert!(Lock::take(folder.path()).is_ok());
    }

    #[test]
    fn a_secret_file_is_private_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(folder.path().join("secret.new"), b"left over").unwrap();
        write_secret(&path, b"one").unwrap();
        write_secret(&path, b"two").unwrap();
        assert_eq!(read_small(&path, 3).unwrap().unwrap(), b"two");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!folder.path().join("secret.new").exists());
        assert!(read_small(&path, 2).is_err());
        assert!(
            read_small(&folder.path().join("none"), 2)
                .unwrap()
                .is_none()
        );
    }
}
