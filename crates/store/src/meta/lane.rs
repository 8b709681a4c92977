//! The write lane: one thread, one connection, one commit for all who wait.
//!
//! A commit is written to the log and seen by readers before it is on stable storage; whoever asked for
//! [`Durability::Machine`] is answered by the [flush](super::flush) that follows, which everybody shares who committed before
//! it. Each writer has a savepoint of its own: its error undoes its own work and nobody else's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::flush::Flusher;
use super::{Change, Transaction, migrate};
use crate::Error;

/// What an acknowledged write survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Power loss. For everything that a client is told exists.
    Machine,
    /// `kill -9`, not power loss. For upload sessions, which a client can start again. Waits for no flush;
    /// the next [`Durability::Machine`] commit makes it durable too.
    Process,
}

/// Writers that share one commit at most: bounds the delay of the first of them.
const BATCH_MAX: usize = 256;
/// Writers that may wait before further ones wait to be taken in.
const QUEUE_MAX: usize = 4_096;

pub(super) type OnChange = Box<dyn Fn(&[Change]) + Send>;
/// What became of a commit.
pub(super) enum Fate {
    /// It is as durable as was asked for.
    Durable,
    /// The engine refused it: nothing was written.
    Uncommitted(rusqlite::Error),
    /// It was written, but the disk did not take it: it may be there after a restart, or not.
    Unflushed(String),
}

impl Fate {
    /// Many share one fate, so each gets a copy of its error.
    fn to_result(&self) -> Result<(), Error> {
        match self {
            Self::Durable => Ok(()),
            Self::Uncommitted(error) => Err(commit_error(error)),
            Self::Unflushed(reason) => Err(Error::file("flushing the metadata log")(
                std::io::Error::other(reason.clone()),
            )),
        }
    }
}

/// Answers a writer, once the fate of its commit is known.
pub(super) type Answer = Box<dyn FnOnce(&Fate) + Send>;
/// What a writer's closure leaves behind: whether to keep its work, what that changed, and how to answer.
struct Done {
    durability: Durability,
    keep: bool,
    changes: Vec<Change>,
    answer: Answer,
}
type Job = Box<dyn FnOnce(&Connection) -> Done + Send>;

pub(super) struct Lane {
    jobs: tokio::sync::mpsc::Sender<Job>,
}

impl Lane {
    pub(super) fn open(path: &Path, on_change: OnChange) -> Result<Self, Error> {
        let connection = connect(path)?;
        migrate::run(&connection)?;
        let flusher = Flusher::start(path)?;
        let (jobs, waiting) = tokio::sync::mpsc::channel(QUEUE_MAX);
        let (started, ready) = mpsc::channel();
        std::thread::Builder::new()
            .name("metadata-writer".to_owned())
            .spawn(move || {
                let _ = started.send(());
                serve(&connection, waiting, &flusher, &on_change);
            })
            .map_err(Error::file("starting the metadata writer thread"))?;
        let _ = ready.recv();
        Ok(Self { jobs })
    }

    pub(super) async fn run<T, E, F>(&self, durability: Durability, work: F) -> Result<T, E>
    where
        F: Fn(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, result) = oneshot::channel();
        let job = Box::new(move |connection: &Connection| {
            let transaction = Transaction::new(connection);
            let outcome = work(&transaction);
            Done {
                durability,
                keep: outcome.is_ok(),
                changes: transaction.into_changes(),
                answer: Box::new(move |fate: &Fate| {
                    let _ = answer.send(outcome.and_then(|value| {
                        fate.to_result()?;
                        Ok(value)
                    }));
                }),
            }
        });
        self.jobs
            .send(job)
            .await
            .map_err(|_| E::from(Error::Closed))?;
        result.await.map_err(|_| E::from(Error::Closed))?
    }
}

/// `rusqlite::Error` cannot be cloned for everybody who shared the commit; code and message can.
fn commit_error(error: &rusqlite::Error) -> Error {
    Error::Database(match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            rusqlite::Error::SqliteFailure(*failure, message.clone())
        }
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    })
}

fn connect(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The log is flushed beside the lane, and by the engine itself before a checkpoint.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // Fewer, larger checkpoints: each rewrites its pages into the main file and flushes it.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

fn serve(
    connection: &Connection,
    mut waiting: tokio::sync::mpsc::Receiver<Job>,
    flusher: &Flusher,
    on_change: &OnChange,
) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while waiting.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        if flusher.has_failed() {
            // Whoever waits hears `Closed` by the drop of its job.
            batch.clear();
            continue;
        }
        commit(connection, &mut batch, flusher, on_change);
    }
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

fn commit(connection: &Connection, batch: &mut Vec<Job>, flusher: &Flusher, on_change: &OnChange) {
    let mut dones = Vec::with_capacity(batch.len());
    let result = connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| {
        for job in batch.drain(..) {
            run_one(connection, job, &mut dones)?;
        }
        connection.execute_batch("COMMIT")
    });
    let mut changes = Vec::new();
    let (mut flushed, mut written) = (Vec::new(), Vec::new());
    for done in dones {
        if done.keep {
            changes.extend(done.changes);
        }
        // A refusal promises nothing, so it need not wait.
        if done.keep && done.durability == Durability::Machine {
            flushed.push(done.answer);
        } else {
            written.push(done.answer);
        }
    }
    // After a failed commit too: what is not known for sure is forgotten.
    on_change(&changes);
    let fate = match result {
        Ok(()) => {
            if !flushed.is_empty() {
                flusher.flush(std::mem::take(&mut flushed));
            }
            Fate::Durable
        }
        Err(error) => {
            tracing::error!(%error, "committing metadata");
            // Whoever was not reached hears `Closed` by the drop of its job.
            batch.clear();
            if !connection.is_autocommit() {
                let _ = connection.execute_batch("ROLLBACK");
            }
            Fate::Uncommitted(error)
        }
    };
    for answer in written.into_iter().chain(flushed) {
        answer(&fate);
    }
}

fn run_one(connection: &Connection, job: Job, dones: &mut Vec<Done>) -> rusqlite::Result<()> {
    connection.prepare_cached("SAVEPOINT writer")?.execute([])?;
    // A writer that panics is undone like one that fails: others share the lane, and hear nothing of it.
    let keep = match catch_unwind(AssertUnwindSafe(|| job(connection))) {
        Ok(done) => {
            let keep = done.keep;
            dones.push(done);
            keep
        }
        Err(_) => false,
    };
    if !keep {
        connection
            .prepare_cached("ROLLBACK TO writer")?
            .execute([])?;
    }
    connection.prepare_cached("RELEASE writer")?.execute([])?;
    Ok(())
}
