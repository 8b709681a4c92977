//! One way to remember what was read, so that memory never grants what a finished change took away.

use std::hash::Hash;

use quick_cache::sync::Cache;

use crate::Error;

/// What is remembered for a key; read when it is not there, once for all who ask meanwhile.
///
/// A change calls `remove` after its commit and before it is acknowledged. A read that is under way then holds a
/// placeholder, which `remove` takes away: what it read before the change is given to those who asked before, and not
/// kept for others.
pub(crate) async fn remembered<K, V>(
    cache: &Cache<K, V>,
    key: &K,
    read: impl Future<Output = Result<V, Error>>,
) -> Result<V, Error>
where
    K: Clone + Eq + Hash,
    V: Clone,
{
    if let Some(value) = cache.get(key) {
        return Ok(value);
    }
    match cache.get_value_or_guard_async(key).await {
        Ok(value) => Ok(value),
        Err(guard) => {
            let value = read.await?;
            let _ = guard.insert(value.clone());
            Ok(value)
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_read_that_a_change_overtakes_is_not_kept() {
        let cache = Arc::new(Cache::<u8, &str>::new(10));
        let (started, has_started) = oneshot::channel();
        let (proceed, may_proceed) = oneshot::channel::<()>();
        let slow = tokio::spawn({
            let cache = cache.clone();
            async move {
                let read = async {
                    let _ = started.send(());
                    let _ = may_proceed.await;
                    Ok("old")
                };
                remembered(&cache, &1, read).await
            }
        });
        has_started.await.unwrap();
        cache.remove(&1);
        // Who asks after the change neither waits for the old read nor gets its answer.
        assert_eq!(
            remembered(&cache, &1, async { Ok("new") }).await.unwrap(),
            "new"
        );
        let _ = proceed.send(());
        assert_eq!(slow.await.unwrap().unwrap(), "old");
        assert_eq!(cache.get(&1), Some("new"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn nobody_ever_sees_less_than_what_was_acknowledged_before_they_asked() {
        let cache = Arc::new(Cache::<u8, u64>::new(10));
        let (stored, acknowledged) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let mut readers = Vec::new();
        for _ in 0..4 {
            let (cache, stored, acknowledged) =
                (cache.clone(), stored.clone(), acknowledged.clone());
            readers.push(tokio::spawn(async move {
                loop {
                    let least = acknowledged.load(Ordering::SeqCst);
                    let read = async {
                        let value = stored.load(Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        Ok(value)
                    };
                    let seen = remembered(&cache, &1, read).await.unwrap();
                    assert!(seen >= least, "saw {seen} after {least}");
                    if seen == 2_000 {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }));
        }
        for value in 1..=2_000 {
            stored.store(value, Ordering::SeqCst);
            cache.remove(&1);
            acknowledged.store(value, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
        for reader in readers {
            reader.await.unwrap();
        }
    }
}
