//! The flush: what was committed is brought to stable storage, and whoever waits for that hears of it.
//!
//! The lane commits into the write-ahead log without a flush and goes on; this thread flushes the log as often as the disk
//! can, each time for all commits that were written before. So a flush delays nobody who does not wait for it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use super::lane::{Answer, Fate};
use crate::Error;

/// Where the lane leaves the answers that wait for the disk.
pub(super) struct Flusher {
    committed: mpsc::Sender<Vec<Answer>>,
    failed: Arc<AtomicBool>,
}

impl Flusher {
    /// Starts flushing the write-ahead log of an open database.
    pub(super) fn start(database: &Path) -> Result<Self, Error> {
        let mut name = database.file_name().unwrap_or_default().to_owned();
        name.push("-wal");
        let path = database.with_file_name(name);
        let log = File::options()
            .write(true)
            .open(&path)
            .map_err(Error::file(format!("opening {}", path.display())))?;
        let (committed, waiting) = mpsc::channel();
        let failed = Arc::new(AtomicBool::new(false));
        let has_failed = failed.clone();
        std::thread::Builder::new()
            .name("metadata-flush".to_owned())
            .spawn(move || serve(&log, &waiting, &has_failed))
            .map_err(Error::file("starting the metadata flush thread"))?;
        Ok(Self { committed, failed })
    }

    /// Answers once everything committed so far is on stable storage.
    pub(super) fn flush(&self, answers: Vec<Answer>) {
        if let Err(mpsc::SendError(answers)) = self.committed.send(answers) {
            answer(
                answers,
                &Fate::Unflushed("the flush thread is gone".to_owned()),
            );
        }
    }

    /// Whether a flush ever failed. The kernel may have thrown away what it could not write, so nothing that is written
    /// afterwards can be promised either.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

fn serve(log: &File, waiting: &mpsc::Receiver<Vec<Answer>>, failed: &AtomicBool) {
    while let Ok(mut answers) = waiting.recv() {
        answers.extend(waiting.try_iter().flatten());
        let fate = match log.sync_data() {
            Ok(()) if !failed.load(Ordering::Acquire) => Fate::Durable,
            Ok(()) => Fate::Unflushed("an earlier flush failed".to_owned()),
            Err(error) => {
                failed.store(true, Ordering::Release);
                tracing::error!(%error, "flushing the metadata log: nothing is written any more, restart the server");
                Fate::Unflushed(error.to_string())
            }
        };
        answer(answers, &fate);
    }
}

fn answer(answers: Vec<Answer>, fate: &Fate) {
    for answer in answers {
        answer(fate);
    }
}
