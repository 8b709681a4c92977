//! The write lane: one thread, one connection, one commit for all who wait.
//!
//! A durable commit costs one flush of the disk whatever it holds, so everybody who asks while a flush is under way shares
//! the next. Each writer has a savepoint of its own: its error undoes its own work and nobody else's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Change, Transaction, migrate};
use crate::Error;

/// What an acknowledged write survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Power loss. For everything that a client is told exists.
    Machine,
    /// `kill -9`, not power loss. For upload sessions, which a client can start again. Costs no flush of its own;
    /// the next [`Durability::Machine`] commit makes it durable too.
    Process,
}

/// Writers that share one commit at most: bounds the delay of the first of them.
const BATCH_MAX: usize = 256;
/// Writers that may wait before further ones wait to be taken in.
const QUEUE_MAX: usize = 4_096;

pub(super) type OnChange = Box<dyn Fn(&[Change]) + Send>;
/// Answers a writer, once the fate of the commit is known.
type Answer = Box<dyn FnOnce(Result<(), &rusqlite::Error>) + Send>;
/// What a writer's closure leaves behind: whether to keep its work, what that changed, and how to answer.
struct Done {
    keep: bool,
    changes: Vec<Change>,
    answer: Answer,
}
struct Job {
    durability: Durability,
    run: Box<dyn FnOnce(&Connection) -> Done + Send>,
}

pub(super) struct Lane {
    jobs: tokio::sync::mpsc::Sender<Job>,
}

impl Lane {
    pub(super) fn open(path: &Path, on_change: OnChange) -> Result<Self, Error> {
        let connection = connect(path)?;
        migrate::run(&connection)?;
        let (jobs, waiting) = tokio::sync::mpsc::channel(QUEUE_MAX);
        let (started, ready) = mpsc::channel();
        std::thread::Builder::new()
            .name("metadata-writer".to_owned())
            .spawn(move || {
                let _ = started.send(());
                serve(&connection, waiting, &on_change);
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
        let run = Box::new(move |connection: &Connection| {
            let transaction = Transaction::new(connection);
            let outcome = work(&transaction);
            Done {
                keep: outcome.is_ok(),
                changes: transaction.into_changes(),
                answer: Box::new(move |commit: Result<(), &rusqlite::Error>| {
                    let _ = answer.send(match (outcome, commit) {
                        (Ok(value), Ok(())) => Ok(value),
                        (Ok(_), Err(error)) => Err(E::from(commit_error(error))),
                        (Err(error), _) => Err(error),
                    });
                }),
            }
        });
        self.jobs
            .send(Job { durability, run })
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
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Fewer, larger checkpoints: each rewrites its pages into the main file and flushes it.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

fn serve(
    connection: &Connection,
    mut waiting: tokio::sync::mpsc::Receiver<Job>,
    on_change: &OnChange,
) {
    let mut current = Durability::Machine;
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while waiting.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        let wanted = if batch
            .iter()
            .any(|job: &Job| job.durability == Durability::Machine)
        {
            Durability::Machine
        } else {
            Durability::Process
        };
        if wanted != current {
            let level = match wanted {
                Durability::Machine => "FULL",
                Durability::Process => "NORMAL",
            };
            match connection.pragma_update(None, "synchronous", level) {
                Ok(()) => current = wanted,
                Err(error) => tracing::error!(%error, "setting the durability of the next commit"),
            }
        }
        commit(connection, &mut batch, on_change);
    }
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

fn commit(connection: &Connection, batch: &mut Vec<Job>, on_change: &OnChange) {
    let mut answers = Vec::with_capacity(batch.len());
    let mut changes = Vec::new();
    let result = connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| {
        for job in batch.drain(..) {
            run_one(connection, job, &mut changes, &mut answers)?;
        }
        connection.execute_batch("COMMIT")
    });
    // After a failed commit too: what is not known for sure is forgotten.
    on_change(&changes);
    match &result {
        Ok(()) => {}
        Err(error) => {
            tracing::error!(%error, "committing metadata");
            // Whoever was not reached hears `Closed` by the drop of its job.
            batch.clear();
            if !connection.is_autocommit() {
                let _ = connection.execute_batch("ROLLBACK");
            }
        }
    }
    for answer in answers {
        answer(result.as_ref().copied());
    }
}

fn run_one(
    connection: &Connection,
    job: Job,
    changes: &mut Vec<Change>,
    answers: &mut Vec<Answer>,
) -> rusqlite::Result<()> {
    connection.prepare_cached("SAVEPOINT writer")?.execute([])?;
    // A writer that panics is undone like one that fails: others share the lane, and hear nothing of it.
    let run = job.run;
    let done = catch_unwind(AssertUnwindSafe(|| run(connection)));
    let keep = match done {
        Ok(done) => {
            answers.push(done.answer);
            if done.keep {
                changes.extend(done.changes);
            }
            done.keep
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
