//! Files that people name: read with a bound, and secret ones written so that nobody else reads them.

use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use secrecy::SecretString;
use wharf_client::KeyFile;

use crate::failure::Failure;

/// No file that a command reads is larger: policies, certificates, keys, configuration.
const SIZE_MAX: u64 = 4 * 1024 * 1024;

/// Reads a file; `-` is stdin.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed =
        |error: std::io::Error| Failure::new(format!("cannot read {}: {error}", path.display()));
    let mut content = Vec::new();
    let count = if path == Path::new("-") {
        std::io::stdin()
            .take(SIZE_MAX + 1)
            .read_to_end(&mut content)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(SIZE_MAX + 1).read_to_end(&mut content))
    }
    .map_err(failed)?;
    if u64::try_from(count).unwrap_or(u64::MAX) > SIZE_MAX {
        return Err(Failure::new(format!(
            "{} is larger than {SIZE_MAX} bytes",
            path.display()
        )));
    }
    Ok(content)
}

/// Reads a file of text.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?)
        .map_err(|_| Failure::new(format!("{} is not text in UTF-8", path.display())))
}

/// Reads a service account's key file.
pub(crate) fn read_key_file(path: &Path) -> Result<KeyFile, Failure> {
    let text = SecretString::from(read_text(path)?);
    KeyFile::parse(text).map_err(|error| {
        Failure::new(format!("{} is no key file: {error}", path.display())).hint(
            "a key file comes from: wharf iam service-accounts keys create KEY.json --iam-account EMAIL",
        )
    })
}

/// Writes a file that only its owner reads. A file that is there is refused, unless `force` replaces it as a whole.
pub(crate) fn write_secret(path: &Path, content: &[u8], force: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let failure = Failure::new(format!("cannot write {}: {error}", path.display()));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => failure.hint("--force replaces it"),
            _ => failure,
        }
    };
    let create = |path: &Path| {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
    };
    if !force {
        let mut file = create(path).map_err(failed)?;
        return file
            .write_all(content)
            .and_then(|()| file.sync_all())
            .map_err(failed);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let fresh = path.with_file_name(name);
    let written = create(&fresh).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)
    });
    written.map_err(|error| {
        // Whatever could not become the file must not lie about; it may not even be there.
        let _ = std::fs::remove_file(&fresh);
        failed(error)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_file_is_private_and_replaced_by_force_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        write_secret(&path, b"one", false).unwrap();
        let refused = write_secret(&path, b"two", false).unwrap_err().to_string();
        assert!(refused.contains("--force"), "{refused}");
        assert_eq!(read(&path).unwrap(), b"one");
        write_secret(&path, b"two", true).unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_key_file_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        std::fs::write(&path, "hunter2").unwrap();
        let refused = read_key_file(&path).unwrap_err().to_string();
        assert!(
            !refused.contains("hunter2") && refused.contains("hint: "),
            "{refused}"
        );
    }
}
