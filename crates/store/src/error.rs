//! What can go wrong while keeping.

/// An error of the store. The caller of a verb never sees its text; the log does.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row that must be unique is there already.
    #[error("already there: {0}")]
    Conflict(String),
    /// The metadata database refused or failed.
    #[error("metadata database")]
    Database(#[source] rusqlite::Error),
    /// A file could not be read or written.
    #[error("{doing}")]
    File {
        /// What was being done, with the path.
        doing: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The content of the store contradicts itself.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// The data folder was written by a newer version.
    #[error(
        "the data folder has schema version {found}, this binary knows up to {known}: start the version that wrote it, or a newer one"
    )]
    Newer {
        /// The version of the data.
        found: i64,
        /// The newest version that this binary knows.
        known: i64,
    },
    /// Another process serves the data folder.
    #[error("{0} is in use by another process: one data folder is served by one `wharf serve`")]
    InUse(String),
    /// The database thread is gone: the process is shutting down.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// Wraps an I/O error with what was being done.
    pub fn file(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::File { doing, source }
    }

    /// Whether the disk is full, which is worth a message of its own.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::File { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            Self::Database(rusqlite::Error::SqliteFailure(failure, _)) => {
                failure.code == rusqlite::ErrorCode::DiskFull
            }
            _ => false,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, message)
                if failure.code == rusqlite::ErrorCode::ConstraintViolation =>
            {
                Self::Conflict(message.clone().unwrap_or_default())
            }
            _ => Self::Database(error),
        }
    }
}
