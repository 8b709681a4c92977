#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use wharf_types::{Binding, Condition, Member, RoleName};

use super::super::testing::*;
use super::*;
use crate::testing::TestApp;

fn bucket() -> BucketName {
    BucketName::parse("artifacts.default.appspot.com").unwrap()
}

fn query(prefix: &str, delimiter: Option<&str>, limit: usize) -> ObjectQuery {
    ObjectQuery {
        prefix: prefix.to_owned(),
        delimiter: delimiter.map(ToOwned::to_owned),
        limit,
        ..ObjectQuery::default()
    }
}

/// All pages of a query: names of objects and prefixes, as they come.
async fn all(app: &TestApp, caller: &Caller, query: &ObjectQuery) -> (Vec<String>, Vec<String>) {
    let (mut objects, mut prefixes, mut query) = (Vec::new(), Vec::new(), query.clone());
    loop {
        let page = app
            .list_objects(caller, &bucket(), query.clone())
            .await
            .unwrap();
        assert!(page.len() <= query.limit);
        objects.extend(page.objects.into_iter().map(|object| object.name));
        prefixes.extend(page.prefixes);
        match page.next {
            Some(next) => query.start = next,
            None => return (objects, prefixes),
        }
    }
}

/// The same by looking at every name.
fn expected(names: &BTreeSet<String>, query: &ObjectQuery) -> (Vec<String>, Vec<String>) {
    let (mut objects, mut prefixes) = (Vec::new(), BTreeSet::new());
    for name in names {
        let is_within = *name >= query.start && query.end.as_ref().is_none_or(|end| name < end);
        let Some(rest) = name.strip_prefix(&query.prefix).filter(|_| is_within) else {
            continue;
        };
        match query
            .delimiter
            .as_deref()
            .and_then(|d| rest.find(d).map(|at| at + d.len()))
        {
            Some(end) => {
                prefixes.insert(format!("{}{}", query.prefix, &rest[..end]));
            }
            None => objects.push(name.clone()),
        }
    }
    (objects, prefixes.into_iter().collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listing_has_what_a_look_at_every_name_has() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    for image in [
        "web",
        "web-2",
        "web.x/a",
        "web/api",
        "web/tag_v1",
        "web/tag_v1/deep/er",
        "x",
    ] {
        let repository = repository(&format!("default/{image}"));
        for name in ["v1", "latest"] {
            app.push_image(&owner, &repository, tag(name), &[image.as_bytes()])
                .await;
        }
    }
    let (names, _) = all(&app, &owner, &query("", None, 1_000)).await;
    assert_eq!(
        names.len(),
        7 * 5,
        "config, layer, manifest and two tags each"
    );
    let names: BTreeSet<String> = names.into_iter().collect();
    let texts = [
        "",
        "containers/",
        IMAGES_FOLDER,
        "containers/repositories/library/web",
        "containers/repositories/library/web/",
        "containers/repositories/library/web/t",
        "containers/repositories/library/web/tag_v1/",
        "nothing",
        "é",
    ];
    let mut runner = proptest::test_runner::TestRunner::default();
    let ranges = (
        proptest::sample::select(texts.to_vec()),
        proptest::option::of(proptest::sample::select(vec!["/", "tag_", "1", "deep/"])),
        proptest::sample::select(texts.to_vec()),
        proptest::option::of(proptest::sample::select(texts.to_vec())),
        1_usize..6,
    );
    for _ in 0..200 {
        let (prefix, delimiter, start, end, limit) =
            ranges.new_tree(&mut runner).unwrap().current();
        let query = ObjectQuery {
            start: start.to_owned(),
            end: end.map(ToOwned::to_owned),
            ..query(prefix, delimiter, limit)
        };
        assert_eq!(
            all(&app, &owner, &query).await,
            expected(&names, &query),
            "{query:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_read_as_what_its_name_says() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/team/web"));
    let digest = app.push_image(&owner, &web, tag("v1"), &[b"layer"]).await;
    let folder = format!("{IMAGES_FOLDER}team/web/");
    let manifest = image(&[b"layer"]).to_string();
    for (name, content, of, media_type) in [
        (
            format!("{folder}tag_v1"),
            manifest.as_bytes(),
            digest,
            media::OCI_MANIFEST,
        ),
        (
            format!("{folder}manifest_{digest}"),
            manifest.as_bytes(),
            digest,
            media::OCI_MANIFEST,
        ),
        (
            format!("{folder}blob_{}", sha256(b"layer")),
            b"layer".as_slice(),
            sha256(b"layer"),
            media::OCTET_STREAM,
        ),
    ] {
        let (object, opened) = app.open_object(&owner, &bucket(), &name).await.unwrap();
        assert_eq!(
            object,
            app.get_object(&owner, &bucket(), &name).await.unwrap()
        );
        assert_eq!((object.name, object.digest), (name, of));
        assert_eq!(
            (object.size, &*object.content_type),
            (content.len() as u64, media_type)
        );
        assert!(matches!(opened, BlobContent::Inline(bytes) if bytes == content));
    }
    for absent in [
        "",
        "a",
        "containers/",
        IMAGES_FOLDER,
        &folder,
        &format!("{folder}tag_v2"),
        &format!("{folder}tag_-"),
        "é/../x",
    ] {
        let error = app.get_object(&owner, &bucket(), absent).await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::NotFound {
                    kind: Missing::Object,
                    ..
                }
            ),
            "{absent}"
        );
    }
    let other = BucketName::parse("eu.artifacts.default.appspot.com").unwrap();
    let error = app
        .list_objects(&owner, &other, query("", None, 1))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        Error::NotFound {
            kind: Missing::Bucket,
            ..
        }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_moved_is_another_generation() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let name = format!("{IMAGES_FOLDER}web/tag_v1");
    app.push_image(&owner, &web, tag("v1"), &[b"one"]).await;
    let one = app.get_object(&owner, &bucket(), &name).await.unwrap();
    let again = app.get_object(&owner, &bucket(), &name).await.unwrap();
    assert_eq!(one.generation(), again.generation());
    app.push_image(&owner, &web, tag("v1"), &[b"two"]).await;
    let two = app.get_object(&owner, &bucket(), &name).await.unwrap();
    assert!(two.generation() > one.generation());
    assert_ne!(two.digest, one.digest);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_on_an_images_folder_opens_that_folder_alone() {
    let app = TestApp::open().await;
    let (account, _, reader) = app.account("reader").await;
    let owner = app.owner().await;
    for name in ["web", "web/api", "other"] {
        app.push_image(
            &owner,
            &repository(&format!("default/{name}")),
            tag("v1"),
            &[b"x"],
        )
        .await;
    }
    let resource = Resource::Bucket(bucket());
    let mut policy = app.get_policy(&owner, &resource).await.unwrap();
    policy.bindings.push(Binding {
        role: RoleName::parse("roles/storage.objectViewer").unwrap(),
        members: vec![Member::ServiceAccount(account.email)],
        condition: Some(Condition {
            title: "web".to_owned(),
            expression: format!(
                "resource.name.startsWith(\"projects/_/buckets/{}/objects/{IMAGES_FOLDER}web/\")",
                bucket()
            ),
            ..Condition::default()
        }),
    });
    app.set_policy(&owner, &resource, policy.with_version())
        .await
        .unwrap();
    let web = format!("{IMAGES_FOLDER}web/");
    let page = app
        .list_objects(&reader, &bucket(), query(&web, Some("/"), 100))
        .await
        .unwrap();
    assert_eq!(page.prefixes, [format!("{web}api/")]);
    assert_eq!(page.objects.len(), 4);
    app.open_object(&reader, &bucket(), &format!("{web}tag_v1"))
        .await
        .unwrap();
    for prefix in [
        "",
        IMAGES_FOLDER,
        &format!("{IMAGES_FOLDER}web"),
        &format!("{IMAGES_FOLDER}other/"),
    ] {
        let refused = app
            .list_objects(&reader, &bucket(), query(prefix, None, 1))
            .await;
        assert!(matches!(refused, Err(Error::Denied(_))), "{prefix}");
    }
    for name in [
        "",
        "nothing",
        &format!("{IMAGES_FOLDER}other/tag_v1"),
        &format!("{IMAGES_FOLDER}other/tag_absent"),
    ] {
        let refused = app.get_object(&reader, &bucket(), name).await;
        assert!(
            matches!(refused, Err(Error::Denied(denied)) if denied.permission == OBJECTS_GET),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_no_name_can_be_are_refused() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    app.push_image(&owner, &web, tag("v1"), &[b"x"]).await;
    for text in ["a/".repeat(513), "\0".to_owned()] {
        let refused = app
            .list_objects(&owner, &bucket(), query(&text, None, 1))
            .await;
        assert!(matches!(refused, Err(Error::Invalid { .. })));
    }
}
