#![expect(clippy::unwrap_used, reason = "tests")]

use wharf_types::{Location, Repository};

use super::super::testing::*;
use super::*;
use crate::testing::TestApp;

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_push_makes_the_bucket_if_the_pusher_may() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let writer = app
        .account_with(
            "writer",
            &project("default"),
            &["roles/storage.objectAdmin"],
        )
        .await;
    let refused = app.start_upload(&writer, &web, None).await;
    assert!(
        matches!(&refused, Err(Error::Denied(denied)) if denied.permission == BUCKETS_CREATE),
        "{refused:?}"
    );
    assert!(matches!(
        app.get_bucket(&owner, &web.bucket).await,
        Err(Error::NotFound { .. })
    ));
    app.start_upload(&owner, &web, None).await.unwrap();
    let bucket = app.get_bucket(&owner, &web.bucket).await.unwrap();
    assert_eq!((bucket.generation, bucket.labels.len()), (1, 0));
    app.start_upload(&writer, &web, None).await.unwrap();
    // Another location is another bucket.
    let far = Repository {
        bucket: BucketName::new(Location::parse("eu").ok(), web.bucket.project.clone()),
        image: web.image.clone(),
    };
    assert!(app.start_upload(&writer, &far, None).await.is_err());
    app.start_upload(&owner, &far, None).await.unwrap();
    let all = app.list_buckets(&owner, &web.bucket.project).await.unwrap();
    let names: Vec<_> = all.iter().map(|bucket| bucket.name.clone()).collect();
    assert_eq!(names, [web.bucket, far.bucket]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_first_pushes_at_once_all_find_the_bucket() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let pushes: Vec<_> = (0..16)
        .map(|number| {
            let (app, owner) = (app.clone(), owner.clone());
            tokio::spawn(async move {
                let web = repository(&format!("default/web{number}"));
                app.start_upload(&owner, &web, None).await
            })
        })
        .collect();
    for push in pushes {
        push.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_into_a_project_that_is_not_there_or_going() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    let nowhere = repository("nowhere-project/web");
    assert!(app.start_upload(&owner, &nowhere, None).await.is_err());
    assert!(
        app.create_bucket(&owner, &nowhere.bucket, BTreeMap::new())
            .await
            .is_err()
    );
    let id = app.project("going-project").await;
    let web = repository("going-project/web");
    app.push(&owner, &web, tag("v1"), &index(&[]))
        .await
        .unwrap();
    app.delete_project(&owner, &id).await.unwrap();
    assert!(
        app.push(&owner, &web, tag("v2"), &index(&[]))
            .await
            .is_err()
    );
    assert!(app.start_upload(&owner, &web, None).await.is_err());
    app.undelete_project(&owner, &id).await.unwrap();
    app.push(&owner, &web, tag("v2"), &index(&[]))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_replaced_or_merged_and_checked() {
    let app = TestApp::open().await;
    let (owner, name) = (app.owner().await, repository("default/web").bucket);
    let bucket = app
        .create_bucket(&owner, &name, labels(&[("a", "1")]))
        .await
        .unwrap();
    assert_eq!(app.get_bucket(&owner, &name).await.unwrap(), bucket);
    let again = app.create_bucket(&owner, &name, BTreeMap::new()).await;
    assert!(matches!(again, Err(Error::AlreadyExists(_))), "{again:?}");
    let merge = BTreeMap::from([
        ("a".to_owned(), None),
        ("b".to_owned(), Some("2".to_owned())),
    ]);
    let merged = app
        .update_bucket(&owner, &name, LabelChange::Merge(merge))
        .await
        .unwrap();
    assert_eq!(
        (merged.generation, merged.labels),
        (2, labels(&[("b", "2")]))
    );
    let replaced = LabelChange::Replace(labels(&[("c", "3")]));
    app.update_bucket(&owner, &name, replaced).await.unwrap();
    let wrong = LabelChange::Replace(labels(&[("C", "3")]));
    assert!(app.update_bucket(&owner, &name, wrong).await.is_err());
    let bucket = app.get_bucket(&owner, &name).await.unwrap();
    assert_eq!(
        (bucket.generation, bucket.labels),
        (3, labels(&[("c", "3")]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_goes_when_no_image_is_left_and_comes_back_with_a_push() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let digest = app
        .push_image(&owner, &web, tag("v1"), &[&vec![1; 100_000]])
        .await;
    let upload = app.start_upload(&owner, &web, None).await.unwrap();
    let refused = app.delete_bucket(&owner, &web.bucket).await;
    assert!(
        matches!(refused, Err(Error::FailedPrecondition(_))),
        "{refused:?}"
    );
    let reference = wharf_types::Reference::Digest(digest);
    app.delete_manifest(&owner, &web, &reference).await.unwrap();
    app.delete_bucket(&owner, &web.bucket).await.unwrap();
    assert!(matches!(
        app.delete_bucket(&owner, &web.bucket).await,
        Err(Error::NotFound { .. } | Error::Denied(_))
    ));
    let lost = app.upload_status(&owner, &web, upload.id).await;
    assert!(
        matches!(
            lost,
            Err(Error::NotFound {
                kind: Missing::Upload,
                ..
            })
        ),
        "{lost:?}"
    );
    assert!(app.stat_blob(&owner, &web, &sha256(CONFIG)).await.is_err());
    app.push_image(&owner, &web, tag("v1"), &[b"layer"]).await;
    app.get_bucket(&owner, &web.bucket).await.unwrap();
}
