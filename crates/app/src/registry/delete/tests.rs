#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use super::super::garbage::Ages;
use super::super::testing::*;
use super::*;
use crate::iam::projects::ProjectChange;
use crate::testing::TestApp;

async fn is_there(app: &TestApp, repository: &Repository, reference: &Reference) -> bool {
    let owner = app.owner().await;
    match app.get_manifest(&owner, repository, reference).await {
        Ok(_) => true,
        Err(Error::NotFound { .. }) => false,
        Err(error) => unreachable!("{error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_goes_alone_and_a_manifest_with_its_tags() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let digest = Reference::Digest(app.push_image(&owner, &web, tag("a"), &[b"layer"]).await);
    app.push_image(&owner, &web, tag("b"), &[b"layer"]).await;
    app.push_image(&owner, &web, tag("c"), &[b"layer"]).await;
    assert!(is_there(&app, &web, &tag("a")).await);
    app.delete_manifest(&owner, &web, &tag("a")).await.unwrap();
    assert!(!is_there(&app, &web, &tag("a")).await);
    assert!(is_there(&app, &web, &digest).await && is_there(&app, &web, &tag("b")).await);
    app.delete_manifest(&owner, &web, &digest).await.unwrap();
    for reference in [tag("b"), tag("c"), digest.clone()] {
        assert!(!is_there(&app, &web, &reference).await);
    }
    for reference in [tag("b"), digest] {
        let again = app.delete_manifest(&owner, &web, &reference).await;
        assert!(matches!(
            again,
            Err(Error::NotFound {
                kind: Missing::Manifest,
                ..
            })
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_of_an_index_stays_until_the_index_is_deleted() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let child = Reference::Digest(app.push_image(&owner, &web, tag("a"), &[b"layer"]).await);
    let all = index(&[&image(&[b"layer"])]);
    app.push(&owner, &web, tag("all"), &all).await.unwrap();
    let refused = app.delete_manifest(&owner, &web, &child).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Unsupported(text) if text.contains(&digest_of(&all).to_string()))
    );
    assert!(
        is_there(&app, &web, &tag("a")).await,
        "a refused delete takes no tag"
    );
    app.delete_manifest(&owner, &web, &by_digest(&all))
        .await
        .unwrap();
    assert!(
        is_there(&app, &web, &child).await,
        "a child outlives its index"
    );
    app.delete_manifest(&owner, &web, &child).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_deletes_want_tags_and_indexes_gone_first() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let strict = ProjectChange {
        strict_deletes: Some(true),
        ..ProjectChange::default()
    };
    app.update_project(&owner, &web.bucket.project, strict)
        .await
        .unwrap();
    let digest = app.push_image(&owner, &web, tag("a"), &[b"layer"]).await;
    let all = index(&[&image(&[b"layer"])]);
    app.push(&owner, &web, by_digest(&all), &all).await.unwrap();
    let child = Reference::Digest(digest);
    let refused = app.delete_manifest(&owner, &web, &child).await.unwrap_err();
    assert!(
        matches!(&refused, Error::DanglingTag { tags, .. } if tags.len() == 1),
        "{refused:?}"
    );
    app.delete_manifest(&owner, &web, &tag("a")).await.unwrap();
    let refused = app.delete_manifest(&owner, &web, &child).await.unwrap_err();
    assert!(
        matches!(&refused, Error::DanglingParent { parents, .. } if *parents == [digest_of(&all)])
    );
    app.delete_manifest(&owner, &web, &by_digest(&all))
        .await
        .unwrap();
    app.delete_manifest(&owner, &web, &child).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_outlive_the_last_manifest_that_held_them_by_the_grace_period() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let large = vec![7; 200_000];
    let first = app.push_image(&owner, &web, tag("a"), &[&large]).await;
    let second = app
        .push_image(&owner, &web, tag("b"), &[&large, b"two"])
        .await;
    let at_once = Ages {
        upload: Duration::ZERO,
        blob: Duration::ZERO,
    };
    let held = sha256(&large);
    let refused = app.delete_blob(&owner, &web, &held).await.unwrap_err();
    assert!(matches!(refused, Error::Unsupported(_)), "{refused:?}");
    app.delete_manifest(&owner, &web, &Reference::Digest(first))
        .await
        .unwrap();
    assert_eq!(
        app.collect_garbage(at_once).await.unwrap().blobs,
        0,
        "the other holds them"
    );
    app.delete_manifest(&owner, &web, &Reference::Digest(second))
        .await
        .unwrap();
    assert_eq!(
        app.collect_garbage(Ages::default()).await.unwrap().blobs,
        0,
        "they are young"
    );
    app.stat_blob(&owner, &web, &held).await.unwrap();
    let removed = app.collect_garbage(at_once).await.unwrap();
    assert_eq!((removed.blobs, removed.objects), (3, 1));
    assert!(app.stat_blob(&owner, &web, &held).await.is_err());
    let empty = app.list_tags(&owner, &web, None, 10).await;
    assert!(matches!(
        empty,
        Err(Error::NotFound {
            kind: Missing::Repository,
            ..
        })
    ));
}

/// The collector and a push that needs what it is about to take: one comes first, and neither breaks the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_never_loses_a_blob_to_the_collector() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let at_once = Ages {
        upload: Duration::ZERO,
        blob: Duration::ZERO,
    };
    let (mut stored, mut refused) = (0, 0);
    for round in 0..60_u32 {
        let layer = round.to_be_bytes();
        for content in [CONFIG, &layer] {
            app.push_blob(&owner, &web, content).await;
        }
        let document = image(&[&layer]);
        let collector = tokio::spawn({
            let app = app.clone();
            async move { app.collect_garbage(at_once).await.unwrap() }
        });
        if round % 2 == 0 {
            tokio::task::yield_now().await;
        }
        match app.push(&owner, &web, tag("v1"), &document).await {
            Ok(_) => {
                stored += 1;
                collector.await.unwrap();
                app.collect_garbage(at_once).await.unwrap();
                app.stat_blob(&owner, &web, &sha256(&layer)).await.unwrap();
                app.delete_manifest(&owner, &web, &by_digest(&document))
                    .await
                    .unwrap();
            }
            Err(error) => {
                refused += 1;
                assert_eq!(
                    code(&error),
                    wharf_types::error::OciCode::ManifestBlobUnknown
                );
                collector.await.unwrap();
                assert!(
                    app.get_manifest(&owner, &web, &by_digest(&document))
                        .await
                        .is_err()
                );
            }
        }
    }
    assert_eq!(stored + refused, 60);
}
