//! Garbage: what nothing refers to any more, after a grace period. Manifests never are: people pull them by digest.
//!
//! Rows go first, in small transactions of the one write lane, so an upload or mount that meets a dying blob comes either
//! before and revives it, or after and brings it anew. Bytes go when no row knows them.

use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use wharf_store::meta::Durability;
use wharf_store::meta::images::{blobs, uploads};
use wharf_types::limits;

use crate::{App, Error};

/// Time between two rounds.
const ROUND_EVERY: Duration = Duration::from_secs(300);
/// Rounds between two looks for bytes that no row knows, as a power cut can leave them.
const STRAYS_EVERY: u32 = 288;
/// Rows of one transaction: others wait for it.
const BATCH: i64 = 100;

/// What a round removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    /// Uploads given up.
    pub(crate) uploads: usize,
    /// Blobs taken out of a repository.
    pub(crate) blobs: usize,
    /// Objects whose bytes were removed.
    pub(crate) objects: usize,
}

/// Ages at which things become garbage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ages {
    /// Of an upload since its last chunk.
    pub(crate) upload: Duration,
    /// Of a blob since no manifest holds it.
    pub(crate) blob: Duration,
}

impl Default for Ages {
    fn default() -> Self {
        Self {
            upload: limits::UPLOAD_IDLE_MAX,
            blob: limits::GARBAGE_GRACE,
        }
    }
}

impl App {
    /// Collects garbage in the background until the registry is dropped.
    pub(crate) fn start_garbage_collection(self: &Arc<Self>) {
        let app = Arc::downgrade(self);
        tokio::spawn(collect(app));
    }

    /// One round.
    pub(crate) async fn collect_garbage(&self, ages: Ages) -> Result<Removed, Error> {
        let now = Timestamp::now();
        self.registry.sessions.unload_idle();
        let uploads = self.give_up_uploads(before(now, ages.upload)).await?;
        let blobs = self.unlink_blobs(before(now, ages.blob)).await?;
        let objects = self.remove_doomed().await?;
        Ok(Removed {
            uploads,
            blobs,
            objects,
        })
    }

    async fn give_up_uploads(&self, before: Timestamp) -> Result<usize, Error> {
        let mut count = 0;
        loop {
            let given_up = self
                .meta
                .write::<_, Error, _>(Durability::Process, move |t| {
                    let idle = uploads::list_idle(t, before, BATCH)?;
                    for (id, object) in &idle {
                        uploads::delete(t, *id)?;
                        blobs::doom(t, object, Timestamp::now())?;
                    }
                    Ok(idle)
                })
                .await?;
            for (id, _) in &given_up {
                self.registry.sessions.forget(*id);
            }
            count += given_up.len();
            if given_up.is_empty() {
                return Ok(count);
            }
        }
    }

    async fn unlink_blobs(&self, before: Timestamp) -> Result<usize, Error> {
        let mut count = 0;
        loop {
            let unlinked = self
                .meta
                .write::<_, Error, _>(Durability::Machine, move |t| {
                    let idle = blobs::list_idle(t, before, BATCH)?;
                    for link in &idle {
                        blobs::unlink(
                            t,
                            &link.repository,
                            link.id,
                            &link.digest,
                            Timestamp::now(),
                        )?;
                    }
                    Ok(idle.len())
                })
                .await?;
            count += unlinked;
            if unlinked == 0 {
                return Ok(count);
            }
        }
    }

    async fn remove_doomed(&self) -> Result<usize, Error> {
        let mut count = 0;
        loop {
            let doomed = self
                .meta
                .read::<_, Error, _>(|t| Ok(blobs::list_doomed(t, BATCH)?))
                .await?;
            if doomed.is_empty() {
                return Ok(count);
            }
            count += doomed.len();
            for key in &doomed {
                self.blobs.remove(key).await?;
            }
            self.meta
                .write::<_, Error, _>(Durability::Process, move |t| {
                    for key in &doomed {
                        blobs::forget_doomed(t, key)?;
                    }
                    Ok(())
                })
                .await?;
        }
    }

    /// Removes objects that no row knows and that nobody wrote to for a while.
    async fn remove_strays(&self, age: Duration) -> Result<usize, Error> {
        let before = SystemTime::now() - age;
        let mut count = 0;
        for shard in 0..=u8::MAX {
            let keys = self.blobs.list(shard, before).await?;
            let strays = self
                .meta
                .read::<_, Error, _>(move |t| {
                    let mut strays = Vec::new();
                    for key in keys {
                        if !blobs::is_object_known(t, &key)? {
                            strays.push(key);
                        }
                    }
                    Ok(strays)
                })
                .await?;
            count += strays.len();
            for key in &strays {
                self.blobs.remove(key).await?;
            }
        }
        Ok(count)
    }
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    now.checked_sub(age).unwrap_or(Timestamp::UNIX_EPOCH)
}

async fn collect(app: Weak<App>) {
    let mut round = 0_u32;
    loop {
        {
            let Some(app) = app.upgrade() else { return };
            match app.collect_garbage(Ages::default()).await {
                Ok(removed) if removed != Removed::default() => {
                    tracing::info!(?removed, "garbage collected");
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "collecting garbage"),
            }
            if round.is_multiple_of(STRAYS_EVERY) {
                match app.remove_strays(limits::UPLOAD_IDLE_MAX).await {
                    Ok(0) => {}
                    Ok(count) => tracing::warn!(count, "objects that no row knew were removed"),
                    Err(error) => tracing::error!(%error, "looking for objects that no row knows"),
                }
            }
        }
        round = round.wrapping_add(1);
        tokio::time::sleep(ROUND_EVERY).await;
    }
}
