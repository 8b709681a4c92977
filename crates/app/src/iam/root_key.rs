//! The root key: what seals secrets in the database.

use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wharf_store::folder;
use zeroize::Zeroizing;

use super::seal::Seal;
use crate::Error;

/// Bytes of a root key.
pub(crate) const KEY_LENGTH: usize = 32;
/// A key in hex with a line end is 66 bytes; anything far beyond is some other file.
const FILE_SIZE_MAX: u64 = 1_024;

/// Where the root key comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RootKey {
    /// `root.key` in the data folder, mode 0600, made by the first start.
    #[default]
    DataFolder,
    /// `file:PATH`
    File(PathBuf),
    /// `env:NAME`
    Environment(String),
}

impl std::str::FromStr for RootKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Environment(name.to_owned())),
            // The text is not repeated: it may be the key itself.
            _ => {
                Err("the root key is named by file:PATH or env:NAME, never given itself".to_owned())
            }
        }
    }
}

impl std::fmt::Display for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DataFolder => f.write_str("root.key in the data folder"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Environment(name) => write!(f, "env:{name}"),
        }
    }
}

impl RootKey {
    /// Reads the key. In the data folder it is made when it is not there, unless `has_sealed` tells that the
    /// database holds secrets under a key that existed before.
    pub(crate) fn load(&self, data: &Path, has_sealed: bool) -> Result<Seal, Error> {
        let text = match self {
            Self::DataFolder => {
                let path = data.join("root.key");
                match folder::read_small(&path, FILE_SIZE_MAX)? {
                    Some(text) => text,
                    None if has_sealed => {
                        return Err(Error::FailedPrecondition(format!(
                            "the root key {} is gone, but the database has secrets sealed under it: bring the file back from a backup, or name the root key with --root-key",
                            path.display()
                        )));
                    }
                    None => return make(&path),
                }
            }
            Self::File(path) => folder::read_small(path, FILE_SIZE_MAX)?.ok_or_else(|| {
                Error::FailedPrecondition(format!(
                    "there is no root key at {}: {}",
                    path.display(),
                    if has_sealed {
                        "the database has secrets sealed under it; bring the file back"
                    } else {
                        "make one with `openssl rand -base64 32`, readable by this process only"
                    }
                ))
            })?,
            Self::Environment(name) => variable(name)?.into_bytes(),
        };
        let text = Zeroizing::new(text);
        let key = decode(&text).ok_or_else(|| {
            Error::FailedPrecondition(format!(
                "the root key ({self}) is not 32 bytes in base64 or hex"
            ))
        })?;
        Seal::new(&key)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the operator names the variable, so that the key is in no file and no argument"
)]
fn variable(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| {
        Error::FailedPrecondition(format!(
            "the environment variable {name} that should hold the root key is not set"
        ))
    })
}

fn make(path: &Path) -> Result<Seal, Error> {
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    rand::fill(key.as_mut_slice()).map_err(Error::internal)?;
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(*key)));
    folder::write_secret(path, text.as_bytes())?;
    Seal::new(&key)
}

fn decode(text: &[u8]) -> Option<Zeroizing<[u8; KEY_LENGTH]>> {
    let text = text.trim_ascii();
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    if text.len() == 2 * KEY_LENGTH {
        hex::decode_to_slice(text, key.as_mut_slice()).ok()?;
        return Some(key);
    }
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    if bytes.len() != KEY_LENGTH {
        return None;
    }
    key.copy_from_slice(&bytes);
    Some(key)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn names_of_root_keys() {
        assert_eq!("file:/k".parse(), Ok(RootKey::File("/k".into())));
        assert_eq!("env:KEY".parse(), Ok(RootKey::Environment("KEY".into())));
        for wrong in ["", "file:", "env:", "c2VjcmV0"] {
            let refused = wrong.parse::<RootKey>().unwrap_err();
            assert!(!refused.contains("c2VjcmV0"));
        }
    }

    #[test]
    fn base64_and_hex_are_the_same_key() {
        let key = [7; KEY_LENGTH];
        let base64 = format!("{}\n", STANDARD.encode(key));
        assert_eq!(*decode(base64.as_bytes()).unwrap(), key);
        assert_eq!(*decode(hex::encode(key).as_bytes()).unwrap(), key);
        assert!(decode(b"too short").is_none());
        assert!(decode(&[0; KEY_LENGTH]).is_none());
    }

    #[test]
    fn the_key_is_made_once_and_missed_when_secrets_need_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = RootKey::DataFolder.load(folder.path(), false).unwrap();
        let sealed = first.seal("a", b"secret").unwrap();
        let again = RootKey::DataFolder.load(folder.path(), true).unwrap();
        assert_eq!(again.open("a", &sealed).unwrap().as_slice(), b"secret");
        std::fs::remove_file(folder.path().join("root.key")).unwrap();
        let refused = RootKey::DataFolder.load(folder.path(), true).err().unwrap();
        assert!(refused.to_string().contains("is gone"), "{refused}");
        assert!(!folder.path().join("root.key").exists());
        let named = RootKey::File(folder.path().join("none"));
        assert!(named.load(folder.path(), false).is_err());
    }
}
