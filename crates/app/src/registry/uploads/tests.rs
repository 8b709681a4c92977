#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use wharf_store::blobs::Hasher;

use super::super::garbage::Ages;
use super::super::testing::*;
use super::*;
use crate::registry::blobs::BlobContent;
use crate::testing::TestApp;

/// Small ones stay in rows, large ones in objects, and these are on either side of the border.
const SIZES: [usize; 5] = [
    0,
    1,
    limits::INLINE_BLOB_SIZE_MAX,
    limits::INLINE_BLOB_SIZE_MAX + 1,
    1_500_000,
];

fn content(size: usize) -> Vec<u8> {
    (0..size)
        .map(|i| u8::try_from((i * 31 + i / 251) % 256).unwrap())
        .collect()
}

fn range(start: u64, end: u64) -> Option<ContentRange> {
    Some(ContentRange { start, end })
}

async fn pulled(app: &TestApp, repository: &Repository, digest: &Digest) -> Vec<u8> {
    use futures_util::TryStreamExt as _;
    let owner = app.owner().await;
    let (size, content) = app.open_blob(&owner, repository, digest).await.unwrap();
    let content = match content {
        BlobContent::Inline(content) => content.to_vec(),
        BlobContent::Object(reader) => {
            let pieces: Vec<Bytes> = Box::pin(reader.read(0, size)).try_collect().await.unwrap();
            pieces.concat()
        }
    };
    assert_eq!(content.len() as u64, size);
    content
}

fn offset(error: &Error) -> u64 {
    match error {
        Error::UploadOutOfOrder { offset } => *offset,
        other => unreachable!("{other:?}"),
    }
}

fn is_gone<T: std::fmt::Debug>(result: &Result<T, Error>) -> bool {
    matches!(
        result,
        Err(Error::NotFound {
            kind: Missing::Upload,
            ..
        })
    )
}

/// What a test leaves behind: objects in the folder.
fn objects(app: &TestApp) -> usize {
    let shards = std::fs::read_dir(app.folder.path().join("blobs")).unwrap();
    shards
        .map(|shard| std::fs::read_dir(shard.unwrap().path()).unwrap().count())
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_of_every_size_come_in_by_every_way() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    for (number, size) in SIZES.into_iter().enumerate() {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            for announced in [None, Some(algorithm)] {
                let mut whole = content(size);
                whole.extend(
                    [u8::try_from(number).unwrap(); 1]
                        .iter()
                        .filter(|_| size > 0),
                );
                let digest = Hasher::digest_of(algorithm, &whole);
                let upload = app.start_upload(&owner, &web, announced).await.unwrap();
                let (a, b) = whole.split_at(whole.len() / 3);
                if !whole.is_empty() {
                    let upload = app
                        .append_upload(&owner, &web, upload.id, None, body(&[a]))
                        .await
                        .unwrap();
                    assert_eq!(upload.offset, a.len() as u64);
                }
                let status = app.upload_status(&owner, &web, upload.id).await.unwrap();
                assert_eq!(status.offset, a.len() as u64);
                app.finish_upload(&owner, &web, upload.id, &digest, None, body(&[b]))
                    .await
                    .unwrap();
                assert_eq!(pulled(&app, &web, &digest).await, whole);
                assert!(is_gone(&app.upload_status(&owner, &web, upload.id).await));
                app.delete_blob(&owner, &web, &digest).await.unwrap();

                app.put_blob(&owner, &web, &digest, body(&[a, b]))
                    .await
                    .unwrap();
                assert_eq!(pulled(&app, &web, &digest).await, whole);
                app.delete_blob(&owner, &web, &digest).await.unwrap();
            }
        }
    }
    app.collect_garbage(Ages::default()).await.unwrap();
    assert_eq!(objects(&app), 0, "deleted blobs leave no bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_out_of_order_says_where_the_upload_stands_and_leaves_it_there() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    for size in [1_000, 400_000] {
        let whole = content(size);
        let (a, b) = whole.split_at(size / 2);
        let (half, end) = (a.len() as u64, size as u64 - 1);
        let digest = sha256(&whole);
        let id = app.start_upload(&owner, &web, None).await.unwrap().id;
        let ahead = app
            .append_upload(&owner, &web, id, range(half, end), body(&[b]))
            .await;
        assert_eq!(offset(&ahead.unwrap_err()), 0);
        app.append_upload(&owner, &web, id, range(0, half - 1), body(&[a]))
            .await
            .unwrap();
        for start in [0, half - 1, half + 1] {
            let chunk = range(start, start + half - 1);
            let wrong = app.append_upload(&owner, &web, id, chunk, body(&[a])).await;
            assert_eq!(offset(&wrong.unwrap_err()), half);
            let wrong = app
                .finish_upload(&owner, &web, id, &digest, chunk, body(&[a]))
                .await;
            assert_eq!(offset(&wrong.unwrap_err()), half);
        }
        // Longer and shorter than announced: nothing of it counts.
        for announced in [half, end - 1, end + 1] {
            let wrong = app
                .append_upload(&owner, &web, id, range(half, announced), body(&[b]))
                .await;
            assert_eq!(code(&wrong.unwrap_err()), OciCode::SizeInvalid);
            let status = app.upload_status(&owner, &web, id).await.unwrap();
            assert_eq!(status.offset, half);
        }
        app.finish_upload(&owner, &web, id, &digest, range(half, end), body(&[b]))
            .await
            .unwrap();
        assert_eq!(pulled(&app, &web, &digest).await, whole);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_broken_body_stays_and_the_upload_goes_on() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    for size in [1_000, 900_000] {
        let whole = content(size);
        let digest = sha256(&whole);
        let (a, rest) = whole.split_at(size / 3);
        let (b, c) = rest.split_at(size / 3);
        let id = app.start_upload(&owner, &web, None).await.unwrap().id;
        let broken = app
            .append_upload(&owner, &web, id, None, broken_body(&[a]))
            .await;
        assert!(matches!(broken, Err(Error::BrokenBody(_))), "{broken:?}");
        let status = app.upload_status(&owner, &web, id).await.unwrap();
        assert_eq!(status.offset, a.len() as u64);
        let broken = app
            .finish_upload(&owner, &web, id, &digest, None, broken_body(&[b]))
            .await;
        assert!(matches!(broken, Err(Error::BrokenBody(_))), "{broken:?}");
        let status = app.upload_status(&owner, &web, id).await.unwrap();
        assert_eq!(status.offset, (a.len() + b.len()) as u64);
        app.finish_upload(&owner, &web, id, &digest, None, body(&[c]))
            .await
            .unwrap();
        assert_eq!(pulled(&app, &web, &digest).await, whole);

        let broken = app
            .put_blob(&owner, &web, &sha256(b"x"), broken_body(&[a, b]))
            .await;
        assert!(matches!(broken, Err(Error::BrokenBody(_))), "{broken:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_content_ends_the_upload_and_leaves_nothing() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let wrong = sha256(b"something else");
    for size in [10, 300_000] {
        let whole = content(size);
        let refused = app.put_blob(&owner, &web, &wrong, body(&[&whole])).await;
        assert_eq!(code(&refused.unwrap_err()), OciCode::DigestInvalid);
        for in_put in [true, false] {
            let id = app.start_upload(&owner, &web, None).await.unwrap().id;
            let last: &[&[u8]] = if in_put { &[&whole] } else { &[] };
            if !in_put {
                app.append_upload(&owner, &web, id, None, body(&[&whole]))
                    .await
                    .unwrap();
            }
            let refused = app
                .finish_upload(&owner, &web, id, &wrong, None, body(last))
                .await;
            assert_eq!(code(&refused.unwrap_err()), OciCode::DigestInvalid);
            assert!(is_gone(&app.upload_status(&owner, &web, id).await));
            assert!(is_gone(
                &app.append_upload(&owner, &web, id, None, body(&[])).await
            ));
        }
        for digest in [wrong, sha256(&whole)] {
            assert!(app.stat_blob(&owner, &web, &digest).await.is_err());
        }
    }
    app.collect_garbage(Ages::default()).await.unwrap();
    assert_eq!(objects(&app), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_answers_only_to_who_opened_it_under_its_repository() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let id = app.start_upload(&owner, &web, None).await.unwrap().id;
    let other = app
        .account_with("another", &project("default"), &["roles/storage.admin"])
        .await;
    let digest = sha256(b"content");
    let elsewhere = repository("default/elsewhere");
    for _ in 0..2 {
        for (caller, repository) in [(&other, &web), (&owner, &elsewhere)] {
            assert!(is_gone(&app.upload_status(caller, repository, id).await));
            assert!(is_gone(
                &app.append_upload(caller, repository, id, None, body(&[b"x"]))
                    .await
            ));
            assert!(is_gone(
                &app.finish_upload(caller, repository, id, &digest, None, body(&[]))
                    .await
            ));
            assert!(is_gone(&app.cancel_upload(caller, repository, id).await));
        }
        // Whether it is in memory or only in its row.
        app.registry.sessions.forget(id);
    }
    app.finish_upload(&owner, &web, id, &digest, None, body(&[b"content"]))
        .await
        .unwrap();
    assert!(is_gone(
        &app.append_upload(&owner, &web, Uuid::new_v4(), None, body(&[]))
            .await
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn open_uploads_go_on_after_a_restart() {
    let mut app = TestApp::open().await;
    let (mut owner, web) = (app.owner().await, repository("default/web"));
    let sizes = [1_000, limits::INLINE_BLOB_SIZE_MAX + 500, 2_000_000];
    let mut open = Vec::new();
    for size in sizes {
        open.push((size, app.start_upload(&owner, &web, None).await.unwrap().id));
    }
    for third in 0..3 {
        for (size, id) in &open {
            let (start, end) = (size * third / 3, size * (third + 1) / 3);
            let status = app.upload_status(&owner, &web, *id).await.unwrap();
            assert_eq!(status.offset, start as u64);
            let chunk = range(start as u64, end as u64 - 1);
            let part = &content(*size)[start..end];
            app.append_upload(&owner, &web, *id, chunk, body(&[part]))
                .await
                .unwrap();
        }
        app = app.reopen().await;
        owner = app.owner().await;
    }
    for (size, id) in open {
        let digest = sha256(&content(size));
        app.finish_upload(&owner, &web, id, &digest, None, body(&[]))
            .await
            .unwrap();
        assert_eq!(pulled(&app, &web, &digest).await, content(size));
    }
}

/// A power cut keeps the row and loses the end of the object, or leaves a hole in it.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_lost_bytes_says_so_and_begins_anew() {
    for damage in ["short", "hole", "gone"] {
        let app = TestApp::open().await;
        let (owner, web) = (app.owner().await, repository("default/web"));
        let whole = content(600_000);
        let id = app.start_upload(&owner, &web, None).await.unwrap().id;
        app.append_upload(&owner, &web, id, None, body(&[&whole]))
            .await
            .unwrap();
        let key = app
            .meta
            .read(move |t| uploads::find(t, id))
            .await
            .unwrap()
            .unwrap()
            .object;
        let path = app
            .folder
            .path()
            .join("blobs")
            .join(&key.as_str()[..2])
            .join(key.as_str());
        let app = app.reopen().await;
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        match damage {
            "short" => file.set_len(500_000).unwrap(),
            "hole" => std::os::unix::fs::FileExt::write_all_at(&file, &[0; 5_000], 9_000).unwrap(),
            _ => std::fs::remove_file(&path).unwrap(),
        }
        let owner = app.owner().await;
        let chunk = range(600_000, 600_009);
        let refused = app
            .append_upload(&owner, &web, id, chunk, body(&[&[1; 10]]))
            .await;
        assert_eq!(offset(&refused.unwrap_err()), 0, "{damage}");
        let status = app.upload_status(&owner, &web, id).await.unwrap();
        assert_eq!(status.offset, 0, "{damage}");
        let digest = sha256(&whole);
        app.finish_upload(&owner, &web, id, &digest, None, body(&[&whole]))
            .await
            .unwrap();
        assert_eq!(pulled(&app, &web, &digest).await, whole);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_at_once_is_stored_once() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    for size in [5_000, 500_000] {
        let pushes: Vec<_> = (0..8)
            .map(|number| {
                let (app, owner, web) = (app.clone(), owner.clone(), web.clone());
                tokio::spawn(async move {
                    let whole = content(size);
                    let digest = sha256(&whole);
                    if number % 2 == 0 {
                        return app.put_blob(&owner, &web, &digest, body(&[&whole])).await;
                    }
                    let id = app.start_upload(&owner, &web, None).await?.id;
                    app.append_upload(&owner, &web, id, None, body(&[&whole]))
                        .await?;
                    app.finish_upload(&owner, &web, id, &digest, None, body(&[]))
                        .await
                })
            })
            .collect();
        for push in pushes {
            push.await.unwrap().unwrap();
        }
        assert_eq!(
            pulled(&app, &web, &sha256(&content(size))).await,
            content(size)
        );
    }
    app.collect_garbage(Ages::default()).await.unwrap();
    assert_eq!(objects(&app), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_use_answers_with_its_offset_and_a_cancelled_one_not_at_all() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let id = app.start_upload(&owner, &web, None).await.unwrap().id;
    let (frames, waiting) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let stream = Box::pin(futures_util::stream::unfold(waiting, |mut waiting| async {
        waiting.recv().await.map(|frame| (frame, waiting))
    }));
    let first = tokio::spawn({
        let (app, owner, web) = (app.clone(), owner.clone(), web.clone());
        async move { app.append_upload(&owner, &web, id, None, stream).await }
    });
    frames.send(Ok(Bytes::from_static(b"abc"))).await.unwrap();
    frames.send(Ok(Bytes::from_static(b"def"))).await.unwrap();
    let second = app
        .append_upload(&owner, &web, id, None, body(&[b"x"]))
        .await;
    assert_eq!(offset(&second.unwrap_err()), 0);
    drop(frames);
    assert_eq!(first.await.unwrap().unwrap().offset, 6);
    app.cancel_upload(&owner, &web, id).await.unwrap();
    assert!(is_gone(&app.upload_status(&owner, &web, id).await));
    assert!(is_gone(&app.cancel_upload(&owner, &web, id).await));
    assert!(is_gone(
        &app.append_upload(&owner, &web, id, None, body(&[b"x"]))
            .await
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_uploads_are_given_up_with_their_bytes() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let id = app.start_upload(&owner, &web, None).await.unwrap().id;
    app.append_upload(&owner, &web, id, None, body(&[&content(200_000)]))
        .await
        .unwrap();
    assert_eq!(objects(&app), 1);
    app.collect_garbage(Ages::default()).await.unwrap();
    app.upload_status(&owner, &web, id).await.unwrap();
    let ages = Ages {
        upload: Duration::ZERO,
        ..Ages::default()
    };
    let removed = app.collect_garbage(ages).await.unwrap();
    assert_eq!((removed.uploads, removed.objects), (1, 1));
    assert_eq!(objects(&app), 0);
    assert!(is_gone(
        &app.append_upload(&owner, &web, id, None, body(&[b"x"]))
            .await
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_mounted_where_its_reader_may_push() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let other = repository("default/other");
    let digest = app.push_blob(&owner, &web, b"content").await;
    let absent = app
        .mount_blob(&owner, &other, &sha256(b"absent"), Some(&web))
        .await
        .unwrap();
    assert!(matches!(absent, Mount::Upload(_)));
    let mounted = app
        .mount_blob(&owner, &other, &digest, Some(&web))
        .await
        .unwrap();
    assert_eq!(mounted, Mount::Mounted);
    assert_eq!(pulled(&app, &other, &digest).await, b"content");
    let third = repository("default/third");
    let mounted = app.mount_blob(&owner, &third, &digest, None).await.unwrap();
    assert_eq!(mounted, Mount::Mounted);
    // Projects share nothing.
    app.project("second-project").await;
    let far = repository("second-project/web");
    for from in [None, Some(&web)] {
        let refused = app.mount_blob(&owner, &far, &digest, from).await.unwrap();
        assert!(matches!(refused, Mount::Upload(_)));
    }
    app.delete_blob(&owner, &web, &digest).await.unwrap();
    assert_eq!(
        pulled(&app, &third, &digest).await,
        b"content",
        "each link stands by itself"
    );
}
