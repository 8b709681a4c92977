//! `audit.jsonl`, and `audit.jsonl.1` … `.7` for what was before: the higher the older.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::Error;

/// Bytes of one file: quick to search, and quick to ship.
const FILE_SIZE_MAX: u64 = 64 * 1024 * 1024;
/// Files that are kept. Whoever must keep more ships them elsewhere.
const FILES_MAX: u32 = 8;

pub(super) struct RotatingFile {
    path: PathBuf,
    file: File,
    size: u64,
    size_max: u64,
}

impl RotatingFile {
    pub(super) fn open(data: &Path) -> Result<Self, Error> {
        Self::open_limited(path(data), FILE_SIZE_MAX)
    }

    pub(super) fn open_limited(path: PathBuf, size_max: u64) -> Result<Self, Error> {
        let opened = append_to(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (size, file) = opened.map_err(wharf_store::Error::file(format!(
            "opening {}",
            path.display()
        )))?;
        Ok(Self {
            path,
            file,
            size,
            size_max,
        })
    }

    /// Appends whole lines, into a new file when this one is full.
    pub(super) fn append(&mut self, lines: &[u8]) -> std::io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if self.size >= self.size_max {
            self.rotate()?;
        }
        match self.file.write_all(lines) {
            Ok(()) => {
                self.size += u64::try_from(lines.len()).unwrap_or(u64::MAX);
                Ok(())
            }
            Err(error) => {
                // A line that was cut by a full disk would spoil the next one.
                let _ = self.file.set_len(self.size);
                Err(error)
            }
        }
    }

    pub(super) fn sync(&self) -> std::io::Result<()> {
        self.file.sync_data()
    }

    fn rotate(&mut self) -> std::io::Result<()> {
        self.file.sync_data()?;
        let numbered = |number| numbered(&self.path, number);
        for number in (1..FILES_MAX - 1).rev() {
            match std::fs::rename(numbered(number), numbered(number + 1)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        std::fs::rename(&self.path, numbered(1))?;
        self.file = append_to(&self.path)?;
        self.size = 0;
        Ok(())
    }
}

/// The file that is written, in a data folder.
pub(super) fn path(data: &Path) -> PathBuf {
    data.join("audit.jsonl")
}

/// The path of a file that was full; 0 is the one that is written.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    if number > 0 {
        path.push(format!(".{number}"));
    }
    PathBuf::from(path)
}

/// The paths of all files that there may be, the newest first.
pub(super) fn all(path: &Path) -> impl Iterator<Item = PathBuf> {
    (0..FILES_MAX).map(move |number| numbered(path, number))
}

fn append_to(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn old_files_move_up_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let mut file = RotatingFile::open_limited(path.clone(), 4).unwrap();
        for number in 0..20 {
            file.append(format!("{number:03}\n").as_bytes()).unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("audit.jsonl"), "019\n");
        assert_eq!(read("audit.jsonl.1"), "018\n");
        assert_eq!(read("audit.jsonl.7"), "012\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 8);
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(file);
        let mut file = RotatingFile::open_limited(path, 100).unwrap();
        file.append(b"more\n").unwrap();
        assert_eq!(read("audit.jsonl"), "019\nmore\n");
    }
}
