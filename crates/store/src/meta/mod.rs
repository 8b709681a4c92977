//! Rows: transactions, the SQL, and nothing else. No rules live here.
//!
//! A verb hands [`Meta::read`] or [`Meta::write`] a closure over a [`Transaction`]; the closure calls the functions of
//! the table modules. Only this room has SQL; the engine underneath can be another one without a change above.

mod flush;
mod lane;
mod migrate;
mod readers;
mod transaction;

pub mod access;
pub mod change;
pub mod images;
pub mod kms;
pub mod settings;

use std::path::Path;
use std::sync::Arc;

pub use change::Change;
pub use lane::Durability;
pub use transaction::{Row, Transaction, Value};

use crate::Error;

/// The metadata database. Cheap to clone.
#[derive(Clone)]
pub struct Meta {
    lane: Arc<lane::Lane>,
    readers: Arc<readers::Readers>,
}

impl Meta {
    /// Opens or creates the database in `folder` and brings its schema up to date.
    ///
    /// `on_change` is called with what every commit changed, after the commit and before any of its writers hears of
    /// it: a cache that drops those entries never answers with what a finished write replaced.
    pub fn open(
        folder: &Path,
        on_change: impl Fn(&[Change]) + Send + 'static,
    ) -> Result<Self, Error> {
        let path = folder.join("metadata.sqlite");
        let lane = lane::Lane::open(&path, Box::new(on_change))?;
        crate::folder::sync(folder)?;
        let readers = readers::Readers::open(path);
        Ok(Self {
            lane: Arc::new(lane),
            readers: Arc::new(readers),
        })
    }

    /// Runs a closure over a consistent snapshot, on a database thread.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.readers.run(work).await
    }

    /// Runs a closure in a write transaction and answers once it is durable.
    ///
    /// The closure may run more than once and must touch nothing but the transaction. Its error undoes what it did,
    /// and only that: other writers share the commit.
    pub async fn write<T, E, F>(&self, durability: Durability, work: F) -> Result<T, E>
    where
        F: Fn(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.lane.run(durability, work).await
    }
}

#[cfg(test)]
mod tests;
