//! Readers: a few connections that see consistent snapshots beside the writer, used on blocking threads.

use std::path::PathBuf;
use std::sync::Mutex;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::Transaction;
use crate::Error;

/// Snapshots that are read at once. More would only take turns on the cores.
const READERS_MAX: usize = 8;

pub(super) struct Readers {
    path: PathBuf,
    idle: std::sync::Arc<Mutex<Vec<Connection>>>,
    turns: Semaphore,
}

impl Readers {
    pub(super) fn open(path: PathBuf) -> Self {
        Self {
            path,
            idle: std::sync::Arc::default(),
            turns: Semaphore::new(READERS_MAX),
        }
    }

    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let _turn = self.turns.acquire().await.map_err(|_| Error::Closed)?;
        let connection = self
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop();
        let (path, idle) = (self.path.clone(), self.idle.clone());
        let task = tokio::task::spawn_blocking(move || {
            let connection = match connection {
                Some(connection) => connection,
                None => connect(&path)?,
            };
            let result = snapshot(&connection, work);
            if connection.is_autocommit() {
                idle.lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .push(connection);
            }
            result
        });
        match task.await {
            Ok(result) => result,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Error::Closed.into()),
        }
    }
}

fn snapshot<T, E: From<Error>>(
    connection: &Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    connection
        .prepare_cached("BEGIN")
        .and_then(|mut s| s.execute([]))
        .map_err(Error::from)?;
    let result = work(&Transaction::new(connection));
    connection
        .prepare_cached("ROLLBACK")
        .and_then(|mut s| s.execute([]))
        .map_err(Error::from)?;
    result
}

fn connect(path: &std::path::Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -2_048)?;
    Ok(connection)
}
