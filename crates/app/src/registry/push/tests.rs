#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};
use wharf_store::meta::images::manifests as rows;
use wharf_types::Resource;
use wharf_types::media::{OCI_INDEX, OCI_MANIFEST};

use super::super::testing::*;
use super::*;
use crate::testing::TestApp;

fn tags(names: &[&str]) -> Vec<Tag> {
    names.iter().map(|name| Tag::parse(name).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pushed_is_pulled_byte_for_byte() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    for content in [CONFIG, b"layer"] {
        app.push_blob(&owner, &web, content).await;
    }
    let content = format!(
        "  {}\n",
        image(&[b"layer"])
            .to_string()
            .replacen('{', "{ \"x\": 1, \"x\": 2,\t", 1)
    );
    let push = ManifestPush {
        reference: tag("v1"),
        tags: Vec::new(),
        media_type: Some(format!("{OCI_MANIFEST}; charset=utf-8")),
        content: content.clone().into(),
    };
    let pushed = app.put_manifest(&owner, &web, push).await.unwrap();
    assert_eq!(pushed.digest, sha256(content.as_bytes()));
    for reference in [tag("v1"), Reference::Digest(pushed.digest)] {
        for _ in 0..2 {
            let pulled = app.get_manifest(&owner, &web, &reference).await.unwrap();
            assert_eq!(pulled.content, content.as_bytes());
            assert_eq!(pulled.digest, pushed.digest);
            assert_eq!(&*pulled.media_type, OCI_MANIFEST);
        }
    }
    let app = app.reopen().await;
    let pulled = app.get_manifest(&owner, &web, &tag("v1")).await.unwrap();
    assert_eq!(pulled.content, content.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_manifest_names_must_be_in_its_own_repository() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    // In the same project, but another repository.
    for content in [CONFIG, b"layer"] {
        app.push_blob(&owner, &repository("default/other"), content)
            .await;
    }
    let document = image(&[b"layer"]);
    let error = app
        .push(&owner, &web, tag("v1"), &document)
        .await
        .unwrap_err();
    assert_eq!(code(&error), OciCode::ManifestBlobUnknown);
    assert!(
        error.to_string().contains(&sha256(b"layer").to_string()),
        "{error}"
    );
    let error = app
        .push(&owner, &web, tag("all"), &index(&[&document]))
        .await
        .unwrap_err();
    assert_eq!(code(&error), OciCode::ManifestBlobUnknown);
    assert!(
        error
            .to_string()
            .contains(&digest_of(&document).to_string()),
        "{error}"
    );
    // Nothing is left of what was refused.
    let absent = app.list_tags(&owner, &web, None, 10).await;
    assert!(matches!(
        absent,
        Err(Error::NotFound {
            kind: Missing::Repository,
            ..
        })
    ));

    app.push_image(&owner, &web, tag("v1"), &[b"layer"]).await;
    app.push(&owner, &web, tag("all"), &index(&[&document]))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_and_a_foreign_layer_may_be_absent() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    app.push_blob(&owner, &web, CONFIG).await;
    let mut document = image(&[b"elsewhere"]);
    document["layers"][0]["mediaType"] =
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".into();
    document["layers"][0]["urls"] = json!(["https://example.com/layer"]);
    document["subject"] = descriptor(OCI_MANIFEST, b"absent");
    let pushed = app.push(&owner, &web, tag("v1"), &document).await.unwrap();
    assert_eq!(pushed.subject, Some(sha256(b"absent")));
    document["layers"][0]["urls"] = Value::Null;
    let error = app
        .push(&owner, &web, tag("v1"), &document)
        .await
        .unwrap_err();
    assert_eq!(code(&error), OciCode::ManifestBlobUnknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_that_is_not_that_of_the_blob_is_refused() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    for content in [CONFIG, b"layer"] {
        app.push_blob(&owner, &web, content).await;
    }
    let mut document = image(&[b"layer"]);
    document["layers"][0]["size"] = 4.into();
    let error = app
        .push(&owner, &web, tag("v1"), &document)
        .await
        .unwrap_err();
    assert_eq!(code(&error), OciCode::ManifestInvalid);
    assert!(error.to_string().contains("has 5 bytes"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_by_digest_must_have_that_digest_by_either_algorithm() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let document = index(&[]);
    let text = document.to_string();
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let right = Reference::Digest(Hasher::digest_of(algorithm, text.as_bytes()));
        let wrong = Reference::Digest(Hasher::digest_of(algorithm, b"other"));
        let error = app
            .push(&owner, &web, wrong.clone(), &document)
            .await
            .unwrap_err();
        assert_eq!(code(&error), OciCode::DigestInvalid);
        assert!(app.get_manifest(&owner, &web, &wrong).await.is_err());
        app.push(&owner, &web, right.clone(), &document)
            .await
            .unwrap();
        let pulled = app.get_manifest(&owner, &web, &right).await.unwrap();
        assert_eq!(Reference::Digest(pulled.digest), right);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_beyond_the_limit_is_too_large_and_one_at_it_is_not() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let padded = |length: usize| {
        let mut text = index(&[]).to_string();
        text.extend(std::iter::repeat_n(' ', length - text.len()));
        ManifestPush {
            reference: tag("v1"),
            tags: Vec::new(),
            media_type: Some(OCI_INDEX.to_owned()),
            content: text.into(),
        }
    };
    let most = limits::MANIFEST_SIZE_MAX;
    app.put_manifest(&owner, &web, padded(most)).await.unwrap();
    let error = app
        .put_manifest(&owner, &web, padded(most + 1))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    assert_eq!(
        app.get_manifest(&owner, &web, &tag("v1"))
            .await
            .unwrap()
            .content
            .len(),
        most
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn several_tags_are_set_together_or_not_at_all() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let first = index(&[]);
    let mut second = first.clone();
    second["x"] = 1.into();
    let bucket = Resource::Bucket(web.bucket.clone());
    app.push(&owner, &web, tag("taken"), &first).await.unwrap();
    let creator = app
        .account_with("creator", &bucket, &["roles/storage.objectCreator"])
        .await;
    let push = |document: &Value, names: &[&str]| ManifestPush {
        reference: by_digest(document),
        tags: tags(names),
        media_type: Some(OCI_INDEX.to_owned()),
        content: document.to_string().into(),
    };
    // `taken` would move, which takes more than `create`.
    let refused = app
        .put_manifest(&creator, &web, push(&second, &["a", "taken"]))
        .await;
    assert!(matches!(refused, Err(Error::Denied(_))), "{refused:?}");
    assert!(app.get_manifest(&owner, &web, &tag("a")).await.is_err());
    assert!(
        app.get_manifest(&owner, &web, &by_digest(&second))
            .await
            .is_err()
    );
    // To put a tag where it points already is no move.
    let pushed = app
        .put_manifest(&creator, &web, push(&first, &["a", "taken", "a"]))
        .await
        .unwrap();
    assert_eq!(pushed.tags, tags(&["a", "taken", "a"]));
    app.put_manifest(&owner, &web, push(&second, &["a", "taken", "b"]))
        .await
        .unwrap();
    for name in ["a", "b", "taken"] {
        let pulled = app.get_manifest(&owner, &web, &tag(name)).await.unwrap();
        assert_eq!(pulled.digest, digest_of(&second), "{name}");
    }
    let names: Vec<_> = (0..=limits::TAG_PARAMETERS_MAX)
        .map(|n| format!("t{n}"))
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let refused = app
        .put_manifest(&owner, &web, push(&first, &names))
        .await
        .unwrap_err();
    assert_eq!(code(&refused), OciCode::ManifestInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_media_type_for_the_same_bytes_shows_at_once() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    app.push_blob(&owner, &web, CONFIG).await;
    let mut document = image(&[]);
    document.as_object_mut().unwrap().remove("mediaType");
    for media_type in [OCI_MANIFEST, wharf_types::media::DOCKER_MANIFEST] {
        let push = ManifestPush {
            reference: tag("v1"),
            tags: Vec::new(),
            media_type: Some(media_type.to_owned()),
            content: document.to_string().into(),
        };
        app.put_manifest(&owner, &web, push).await.unwrap();
        for reference in [tag("v1"), by_digest(&document)] {
            let pulled = app.get_manifest(&owner, &web, &reference).await.unwrap();
            assert_eq!(&*pulled.media_type, media_type);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_off_a_manifest_is_kept() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let digest = app
        .push_image(&owner, &web, tag("v1"), &[b"layer", b"two"])
        .await;
    let all = index(&[&image(&[b"layer", b"two"])]);
    app.push(&owner, &web, tag("all"), &all).await.unwrap();
    let listed = app
        .meta
        .read(move |t| {
            let id = repositories::find(t, &repository("default/web"))?.unwrap();
            rows::list(t, id, 10)
        })
        .await
        .unwrap();
    let size = CONFIG.len() as u64 + 8;
    for row in &listed {
        assert_eq!(row.image_size, size, "{}", row.media_type);
        let is_image = row.digest == digest;
        let built_at = "2024-05-01T10:00:00Z".parse().ok().filter(|_| is_image);
        assert_eq!(row.built_at, built_at);
    }
    assert_eq!(listed.len(), 2);
}
