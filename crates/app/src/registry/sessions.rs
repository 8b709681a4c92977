//! Upload sessions in memory: who works on one now, and where it stands between two requests.
//!
//! The row of a session is the truth. What is kept here spares the next request to read the row, open the file and restore
//! the hash; dropped at any time, it is built again from the row.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;
use wharf_types::Repository;

use super::intake::Intake;

/// Sessions that are kept between two requests: each may hold a file open.
const PARKED_MAX: usize = 512;
/// Bytes of small uploads that are kept between two requests.
const PARKED_SIZE_MAX: usize = 16 * 1024 * 1024;
/// A session that no request came for is read from its row again.
const PARKED_FOR: Duration = Duration::from_secs(300);

/// A session that somebody works on.
pub(super) struct Session {
    pub(super) id: Uuid,
    pub(super) repository: Repository,
    pub(super) principal: String,
    pub(super) intake: Intake,
    /// Bytes that its row knows of.
    pub(super) noted: u64,
}

/// The sessions of this process.
#[derive(Clone, Default)]
pub(super) struct Sessions(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    busy: HashSet<Uuid>,
    parked: HashMap<Uuid, Parked>,
    parked_size: usize,
    /// Those whose bytes this process wrote, or read again since it started.
    trusted: HashSet<Uuid>,
}

struct Parked {
    session: Session,
    since: Instant,
}

/// The right to work on a session; when its last copy is dropped, the session is free again.
pub(super) struct Lease {
    sessions: Sessions,
    id: Uuid,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.sessions.state().busy.remove(&self.id);
    }
}

impl Sessions {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right to work on a session; `None` while somebody else does.
    pub(super) fn lease(&self, id: Uuid) -> Option<Arc<Lease>> {
        self.state().busy.insert(id).then(|| {
            Arc::new(Lease {
                sessions: self.clone(),
                id,
            })
        })
    }

    /// The session as the last request left it, if it is this repository's and principal's and is still kept.
    pub(super) fn take(
        &self,
        id: Uuid,
        repository: &Repository,
        principal: &str,
    ) -> Option<Session> {
        let mut state = self.state();
        let parked = &state.parked.get(&id)?.session;
        if parked.repository != *repository || parked.principal != principal {
            return None;
        }
        state.remove(id)
    }

    /// Keeps a session for its next request, unless many are kept, or it has bytes that its row does not know of.
    pub(super) fn park(&self, mut session: Session) {
        session.intake.release();
        let mut state = self.state();
        let size = session.intake.size_in_memory();
        if session.intake.is_refused()
            || session.intake.size() != session.noted
            || state.parked.len() >= PARKED_MAX
            || state.parked_size + size > PARKED_SIZE_MAX
        {
            return;
        }
        state.parked_size += size;
        let since = Instant::now();
        state.parked.insert(session.id, Parked { session, since });
    }

    /// Notes that the bytes of a session are what its row says.
    pub(super) fn trust(&self, id: Uuid) {
        self.state().trusted.insert(id);
    }

    pub(super) fn is_trusted(&self, id: Uuid) -> bool {
        self.state().trusted.contains(&id)
    }

    /// Forgets a session that ended.
    pub(super) fn forget(&self, id: Uuid) {
        let mut state = self.state();
        state.remove(id);
        state.trusted.remove(&id);
    }

    /// Gives back the memory of sessions that no request came for.
    pub(super) fn unload_idle(&self) {
        let mut state = self.state();
        let idle: Vec<_> = state
            .parked
            .iter()
            .filter(|(_, parked)| parked.since.elapsed() > PARKED_FOR)
            .map(|(id, _)| *id)
            .collect();
        for id in idle {
            state.remove(id);
        }
    }
}

impl State {
    fn remove(&mut self, id: Uuid) -> Option<Session> {
        let session = self.parked.remove(&id)?.session;
        self.parked_size -= session.intake.size_in_memory();
        Some(session)
    }
}
