#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::super::testing::*;
use super::*;
use crate::testing::TestApp;

fn entry(digest: u8) -> Arc<Manifest> {
    Arc::new(Manifest {
        digest: Digest::Sha256([digest; 32]),
        media_type: "a/b".into(),
        content: Bytes::new(),
    })
}

/// What was read before a commit must not be remembered after it, whenever it comes.
#[tokio::test]
async fn a_load_that_a_commit_overtook_is_not_remembered() {
    let cache = Cache::default();
    let (web, tag) = (repository("default/web"), Tag::parse("v1").unwrap());
    let key = (web.clone(), tag.clone());
    let change = Change::Tag(web.clone(), tag.clone());
    let old = cache
        .tagged
        .get_value_or_guard_async(&key)
        .await
        .unwrap_err();
    cache.forget(&change);
    assert!(old.insert(entry(1)).is_err());
    assert!(cache.tagged.get(&Key(&web, &tag)).is_none());

    // Nor may it take the place that a later load holds.
    let old = cache
        .tagged
        .get_value_or_guard_async(&key)
        .await
        .unwrap_err();
    cache.forget(&change);
    let new = cache
        .tagged
        .get_value_or_guard_async(&key)
        .await
        .unwrap_err();
    assert!(old.insert(entry(1)).is_err());
    new.insert(entry(2)).unwrap();
    assert_eq!(
        cache.tagged.get(&Key(&web, &tag)).unwrap().digest,
        entry(2).digest
    );
    cache.forget(&change);
    assert!(cache.tagged.get(&Key(&web, &tag)).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_moves_is_never_absent_and_never_goes_back() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let version = |number: i64| {
        let mut document = index(&[]);
        document["version"] = number.into();
        document
    };
    app.push(&owner, &web, tag("v1"), &version(0))
        .await
        .unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (app, owner, web, done) = (app.clone(), owner.clone(), web.clone(), done.clone());
            tokio::spawn(async move {
                let mut newest = 0;
                while !done.load(Ordering::Relaxed) {
                    let pulled = app.get_manifest(&owner, &web, &tag("v1")).await.unwrap();
                    let document: serde_json::Value =
                        serde_json::from_slice(&pulled.content).unwrap();
                    let version = document["version"].as_i64().unwrap();
                    assert!(version >= newest, "{version} after {newest}");
                    newest = version;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for number in 1..60 {
        app.push(&owner, &web, tag("v1"), &version(number))
            .await
            .unwrap();
        let pulled = app.get_manifest(&owner, &web, &tag("v1")).await.unwrap();
        assert_eq!(
            pulled.digest,
            digest_of(&version(number)),
            "a finished push shows"
        );
        let old = by_digest(&version(number - 1));
        app.delete_manifest(&owner, &web, &old).await.unwrap();
        assert!(app.get_manifest(&owner, &web, &old).await.is_err());
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_absent_appears_with_its_push() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let document = json!({"schemaVersion": 2, "manifests": []});
    for reference in [tag("v1"), by_digest(&document)] {
        let absent = app.get_manifest(&owner, &web, &reference).await;
        let Err(Error::NotFound { kind, name }) = absent else {
            unreachable!("{absent:?}");
        };
        assert_eq!((kind, name), (Missing::Manifest, reference.to_string()));
    }
    app.push(&owner, &web, tag("v1"), &document).await.unwrap();
    for reference in [tag("v1"), by_digest(&document)] {
        app.stat_manifest(&owner, &web, &reference).await.unwrap();
    }
}
