//! The root key: what seals secrets in the database.

use std::path::PathBuf;

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
