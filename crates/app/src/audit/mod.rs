//! The audit log: who asked for what, what was decided and by which binding; who was given a token, and who failed to
//! prove who they are. One JSON object a line in `audit.jsonl` in the data folder, never with a secret.
//!
//! A verb moves a small owned [`Entry`] into a queue; a thread of its own makes the lines and writes them in batches.
//! When the queue is full the verb waits, without holding up its thread: a record is never dropped because many came
//! at once. It is lost only when the file cannot be written, which [`Log::lost`] counts, or when the process is
//! killed within the milliseconds before its batch is written; a power loss may take the last seconds.
//!
//! | module | what it is |
//! | --- | --- |
//! | `file` | the files, and when a new one begins |
//! | `line` | a record as it is written |
//! | [`record`] | a record as it is read |
//! | [`search`] | finding records |
//! | `read` | the verb, which asks whether the caller may |

mod file;
mod line;
mod read;
pub mod record;
pub mod search;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc, oneshot};
use wharf_types::scope::Scope;
use wharf_types::{Permission, Principal, ProjectId, Resource};

use crate::iam::claim::Claim;
use crate::iam::decide::Grant;
use crate::{Caller, Error, Origin};
use file::RotatingFile;

/// Records that may wait to be written: a few milliseconds of the writer's work.
const QUEUE_MAX: usize = 8_192;
/// Records of one write.
const BATCH_MAX: usize = 512;
/// Searches at once: each is a core's work while it lasts.
const SEARCHES_AT_ONCE: usize = 1;

/// One line of the log.
#[derive(Debug)]
pub(crate) struct Entry {
    time: Timestamp,
    origin: Origin,
    principal: Option<Principal>,
    /// Whose log it belongs to, where nothing else in it says so.
    project: Option<ProjectId>,
    /// Who acts as the principal, the first of them first.
    delegation: Vec<Principal>,
    key_id: Option<Box<str>>,
    event: Event,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Event {
    /// Somebody asked for something.
    Decision {
        /// For what.
        permission: Permission,
        /// On what.
        resource: Resource,
        /// Why it was granted or refused.
        grounds: Grounds,
    },
    /// Somebody was given a token.
    TokenIssued {
        /// `access`, `registry` or `id`.
        kind: &'static str,
        /// What a registry token is for.
        scopes: Arc<[Scope]>,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// A credential proved nothing.
    AuthenticationFailed {
        /// What the caller was told.
        reason: Box<str>,
        /// Whose it says that it is.
        claim: Option<Claim>,
    },
}

/// Why a permission was granted or refused.
#[derive(Debug)]
pub(crate) enum Grounds {
    /// This binding granted it.
    Granted(Grant),
    /// Nothing granted it, or the credential's own restriction forbids it.
    Refused {
        /// Why, as the log's reader may know it.
        reason: Box<str>,
    },
}

impl Entry {
    /// Something that an authenticated or anonymous caller did.
    pub(crate) fn of(caller: &Caller, event: Event) -> Self {
        Self {
            time: Timestamp::now(),
            origin: caller.origin.clone(),
            principal: Some(caller.principal.clone()),
            project: None,
            delegation: caller.delegation(),
            key_id: caller.key_id().map(Into::into),
            event,
        }
    }

    /// A credential that was refused, and whose it says that it is.
    pub(crate) fn refused_credential(origin: Origin, reason: &str, claim: Option<Claim>) -> Self {
        Self {
            time: Timestamp::now(),
            origin,
            principal: None,
            project: None,
            delegation: Vec::new(),
            key_id: None,
            event: Event::AuthenticationFailed {
                reason: reason.into(),
                claim,
            },
        }
    }

    /// A token of another issuer that was refused by a provider, or meant for one, of this project.
    pub(crate) fn refused_exchange(
        origin: Origin,
        reason: &str,
        project: Option<ProjectId>,
    ) -> Self {
        Self {
            project,
            ..Self::refused_credential(origin, reason, None)
        }
    }
}

enum Message {
    Entry(Box<Entry>),
    /// Write all that came before, and answer.
    Write(oneshot::Sender<()>),
    /// Write all that came before, make it durable, and answer.
    Flush(oneshot::Sender<()>),
}

/// The audit log of a data folder.
pub struct Log {
    path: PathBuf,
    queue: mpsc::Sender<Message>,
    lost: Arc<AtomicU64>,
    searches: Arc<Semaphore>,
}

impl Log {
    /// Opens the log in the data folder and starts its writer.
    pub(crate) fn open(data: &Path) -> Result<Self, Error> {
        let file = RotatingFile::open(data)?;
        let (queue, queued) = mpsc::channel(QUEUE_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let counter = lost.clone();
        std::thread::Builder::new()
            .name("audit-writer".to_owned())
            .spawn(move || write(file, queued, &counter))
            .map_err(Error::internal)?;
        Ok(Self {
            path: file::path(data),
            queue,
            lost,
            searches: Arc::new(Semaphore::new(SEARCHES_AT_ONCE)),
        })
    }

    /// Takes a record in. Waits only while the queue is full.
    pub(crate) async fn record(&self, entry: Entry) {
        let message = Message::Entry(Box::new(entry));
        let unsent = match self.queue.try_send(message) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(message)) => {
                self.queue.send(message).await.is_err()
            }
            Err(mpsc::error::TrySendError::Closed(_)) => true,
        };
        if unsent {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything recorded so far is on stable storage.
    pub(crate) async fn flush(&self) {
        self.wait(Message::Flush).await;
    }

    /// Finds records, those among them that were recorded a moment ago.
    pub(crate) async fn search(&self, search: search::Search) -> Result<search::Found, Error> {
        let turn = self.searches.clone().acquire_owned().await;
        let turn = turn.map_err(Error::internal)?;
        self.wait(Message::Write).await;
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            search::search(&path, &search)
        })
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)
    }

    async fn wait(&self, message: fn(oneshot::Sender<()>) -> Message) {
        let (done, written) = oneshot::channel();
        if self.queue.send(message(done)).await.is_ok() {
            let _ = written.await;
        }
    }

    /// Records that could not be written since the start, for a metric.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

fn write(mut file: RotatingFile, mut queue: mpsc::Receiver<Message>, lost: &AtomicU64) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    let mut lines = Vec::new();
    let mut failing = false;
    while queue.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        let mut count = 0;
        let (mut waiting, mut is_flush) = (Vec::new(), false);
        for message in batch.drain(..) {
            match message {
                Message::Entry(entry) => {
                    line::append(&mut lines, &entry);
                    count += 1;
                }
                Message::Write(done) => waiting.push(done),
                Message::Flush(done) => {
                    waiting.push(done);
                    is_flush = true;
                }
            }
        }
        let result = file
            .append(&lines)
            .and_then(|()| if is_flush { file.sync() } else { Ok(()) });
        match result {
            Ok(()) => failing = false,
            Err(error) => {
                lost.fetch_add(count, Ordering::Relaxed);
                // Once for a full disk, not once a batch.
                if !std::mem::replace(&mut failing, true) {
                    tracing::error!(%error, "writing the audit log; its records are being lost");
                }
            }
        }
        lines.clear();
        for done in waiting {
            let _ = done.send(());
        }
    }
    let _ = file.sync();
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[tokio::test]
    async fn what_is_recorded_is_written_in_order_and_survives_a_flood() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::open(folder.path()).unwrap();
        let total = QUEUE_MAX * 2;
        for number in 0..total {
            let reason = format!("reason \"{number}\"\n");
            log.record(Entry::refused_credential(Origin::default(), &reason, None))
                .await;
        }
        log.flush().await;
        let text = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
        assert_eq!(text.lines().count(), total);
        for (number, line) in text.lines().enumerate() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["reason"], format!("reason \"{number}\"\n"));
        }
        assert_eq!(log.lost(), 0);
    }
}
