#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::super::testing::*;
use super::*;
use crate::testing::TestApp;

fn names(page: &Page<impl ToString>) -> Vec<String> {
    page.items.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_come_in_byte_order_page_by_page() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let mut all = vec!["a", "B", "b", "_", "1", "10", "2", "a.b", "a-b", "A_b"];
    for name in &all {
        app.push(&owner, &web, tag(name), &index(&[]))
            .await
            .unwrap();
    }
    all.sort_unstable();
    for limit in 1..=all.len() + 1 {
        let (mut seen, mut last) = (Vec::new(), None::<String>);
        loop {
            let page = app
                .list_tags(&owner, &web, last.as_deref(), limit)
                .await
                .unwrap();
            assert!(page.items.len() <= limit);
            seen.extend(names(&page));
            match page.next {
                Some(next) => last = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, all, "pages of {limit}");
    }
    let none = app.list_tags(&owner, &web, None, 0).await.unwrap();
    assert!(none.items.is_empty() && none.next.is_none());
    let after = app.list_tags(&owner, &web, Some("a-"), 1).await.unwrap();
    assert_eq!(names(&after), ["a-b"], "`last` need not be a tag");
    let end = app.list_tags(&owner, &web, Some("zzz"), 5).await.unwrap();
    assert!(end.items.is_empty() && end.next.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_shows_children_tags_and_manifests() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    for name in [
        "default/team",
        "default/team/web",
        "default/team-x/a",
        "default/team/api/v1",
        "default/team/api.x",
    ] {
        app.push_image(&owner, &repository(name), tag("v1"), &[b"layer"])
            .await;
    }
    app.push_blob(&owner, &repository("default/team/unfinished"), b"x")
        .await;
    let (project, path) = (
        ProjectId::parse("default").unwrap(),
        ImagePath::parse("team").unwrap(),
    );
    let team = app
        .list_folder(&owner, None, &project, Some(&path))
        .await
        .unwrap();
    assert_eq!(team.children, ["api", "api.x", "web"]);
    assert_eq!(team.tags, [Tag::parse("v1").unwrap()]);
    let digest = digest_of(&image(&[b"layer"]));
    let manifest = &team.manifests[&digest];
    assert_eq!(manifest.tags, team.tags);
    assert_eq!(manifest.image_size, CONFIG.len() as u64 + 5);
    let root = app.list_folder(&owner, None, &project, None).await.unwrap();
    assert_eq!(root.children, ["team", "team-x"]);
    let api = ImagePath::parse("team/api").unwrap();
    let api = app
        .list_folder(&owner, None, &project, Some(&api))
        .await
        .unwrap();
    assert_eq!(api.children, ["v1"]);
    assert!(api.tags.is_empty() && api.manifests.is_empty());
    for (location, image) in [
        (None, "nobody"),
        (Location::parse("eu").ok(), "team"),
        (None, "tea"),
    ] {
        let image = ImagePath::parse(image).unwrap();
        let absent = app
            .list_folder(&owner, location.as_ref(), &project, Some(&image))
            .await;
        assert!(matches!(
            absent,
            Err(Error::NotFound {
                kind: Missing::Repository,
                ..
            })
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_shows_what_the_caller_may_list() {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    app.project("second-project").await;
    app.project("second").await;
    for name in [
        "default/b",
        "default/a/b",
        "default/a",
        "second/x",
        "second-project/a",
    ] {
        app.push(&owner, &repository(name), tag("v1"), &index(&[]))
            .await
            .unwrap();
    }
    app.push_blob(&owner, &repository("default/unfinished"), b"x")
        .await;
    let elsewhere = Repository {
        bucket: BucketName::new(
            Location::parse("eu").ok(),
            ProjectId::parse("default").unwrap(),
        ),
        image: ImagePath::parse("far").unwrap(),
    };
    app.push(&owner, &elsewhere, tag("v1"), &index(&[]))
        .await
        .unwrap();
    let all = app
        .list_repositories(&owner, None, None, 100)
        .await
        .unwrap();
    let everything = [
        "default/a",
        "default/a/b",
        "default/b",
        "second-project/a",
        "second/x",
    ];
    assert_eq!(names(&all), everything);
    assert_eq!(all.next, None);
    let far = app
        .list_repositories(&owner, Location::parse("eu").ok().as_ref(), None, 9)
        .await
        .unwrap();
    assert_eq!(names(&far), ["default/far"]);

    let (mut seen, mut last) = (Vec::new(), None::<String>);
    loop {
        let page = app
            .list_repositories(&owner, None, last.as_deref(), 2)
            .await
            .unwrap();
        seen.extend(names(&page));
        match page.next {
            Some(next) => last = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, everything);

    let viewer = app
        .account_with(
            "viewer",
            &project("second"),
            &["roles/storage.objectViewer"],
        )
        .await;
    let some = app
        .list_repositories(&viewer, None, None, 100)
        .await
        .unwrap();
    assert_eq!(names(&some), ["second/x"]);
    let (_, _, nobody) = app.account("nobody").await;
    let none = app
        .list_repositories(&nobody, None, None, 100)
        .await
        .unwrap();
    assert!(none.items.is_empty() && none.next.is_none());
    let none = app.list_repositories(&owner, None, None, 0).await.unwrap();
    assert!(none.items.is_empty() && none.next.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_hidden_names_ends_early_and_tells_none() {
    let app = TestApp::open().await;
    let (owner, far) = (app.owner().await, repository("default/zzz"));
    app.push(&owner, &far, tag("v1"), &index(&[]))
        .await
        .unwrap();
    // More images than one page looks at, straight into the rows.
    app.meta
        .write::<_, Error, _>(wharf_store::meta::Durability::Process, |t| {
            for number in 0..=CATALOG_EXAMINED_MAX {
                insert_image(t, &format!("hidden{number:05}"))?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let (_, _, nobody) = app.account("nobody").await;
    let first = app
        .list_repositories(&nobody, None, None, 10)
        .await
        .unwrap();
    assert!(first.items.is_empty());
    let next = first.next.unwrap();
    assert!(
        !next.contains("hidden") && Marker::is_sealed(&next),
        "{next}"
    );
    let second = app
        .list_repositories(&nobody, None, Some(&next), 10)
        .await
        .unwrap();
    assert!(second.items.is_empty() && second.next.is_none());
    // Not the last letter: some of its bits may count for nothing.
    let (before, after) = next.split_at(next.len() / 2);
    let other = if after.starts_with('A') { 'B' } else { 'A' };
    let sealed_by_nobody = format!("{before}{other}{}", &after[1..]);
    let refused = app
        .list_repositories(&nobody, None, Some(&sealed_by_nobody), 10)
        .await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "{refused:?}");
    let after = app
        .list_repositories(&owner, None, Some("default/hidden05"), 10)
        .await
        .unwrap();
    assert_eq!(names(&after), ["default/hidden05000", "default/zzz"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// The children of a path are what splitting every name below it gives.
    #[test]
    fn children_are_the_next_segments(
        images in proptest::collection::btree_set("[ab]([-.][ab])?(/[ab]([-.][ab])?){0,3}", 1..12),
        path in "[ab](/[ab])?",
    ) {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let meta = wharf_store::meta::Meta::open(folder.path(), |_| ()).unwrap();
            let prefix = format!("{path}/");
            let expected: BTreeSet<String> = images
                .iter()
                .filter_map(|image| image.strip_prefix(&prefix))
                .map(|below| below.split('/').next().unwrap().to_owned())
                .collect();
            let found = meta
                .write::<_, Error, _>(wharf_store::meta::Durability::Process, move |t| {
                    make(t, &images)?;
                    children(t, None, &format!("default/{path}"))
                })
                .await
                .unwrap();
            assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        });
    }
}

/// A project with an empty index in each of these images.
fn make(t: &Transaction<'_>, images: &BTreeSet<String>) -> Result<(), Error> {
    use wharf_store::meta::{access::projects, images::buckets};
    let now = crate::clock::now();
    let id = ProjectId::parse("default").unwrap();
    projects::insert(
        t,
        &projects::Project {
            id: id.clone(),
            number: 1,
            display_name: String::new(),
            labels: BTreeMap::new(),
            strict_deletes: false,
            generation: 1,
            created_at: now,
            deleted_at: None,
        },
    )?;
    buckets::insert(
        t,
        &buckets::Bucket {
            name: BucketName::new(None, id),
            labels: BTreeMap::new(),
            generation: 1,
            created_at: now,
            updated_at: now,
        },
    )?;
    for image in images {
        insert_image(t, image)?;
    }
    Ok(())
}

/// An image of one manifest, straight into the rows.
fn insert_image(
    t: &wharf_store::meta::Transaction<'_>,
    image: &str,
) -> Result<(), wharf_store::Error> {
    let repository = repository(&format!("default/{image}"));
    let id = repositories::ensure(t, &repository)?;
    let manifest = manifests::NewManifest {
        digest: sha256(b"x"),
        media_type: "a/b",
        artifact_type: None,
        subject: None,
        annotations: None,
        image_size: 0,
        built_at: None,
        content: b"x",
        blobs: &[],
        children: &[],
    };
    manifests::put(t, &repository, id, &manifest, crate::clock::now())
}
