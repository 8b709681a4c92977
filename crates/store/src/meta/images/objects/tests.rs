#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use wharf_types::{Algorithm, ProjectId, Repository};

use super::*;
use crate::blobs::Hasher;
use crate::meta::access::projects::{self, Project};
use crate::meta::images::blobs::NewBytes;
use crate::meta::images::buckets::{self, Bucket};
use crate::meta::images::manifests::{self as stored_manifests, NewManifest};
use crate::meta::images::{blobs as stored_blobs, repositories, tags as stored_tags};
use crate::meta::{Durability, Meta};

fn bucket() -> BucketName {
    BucketName::parse("artifacts.my-project.appspot.com").unwrap()
}

/// A bucket in which each of these images has a manifest with these tags, and a blob.
fn fill(
    transaction: &Transaction<'_>,
    images: &[(String, Vec<String>)],
) -> Result<BTreeSet<String>, Error> {
    let now = Timestamp::now();
    projects::insert(
        transaction,
        &Project {
            id: ProjectId::parse("my-project").unwrap(),
            number: 1,
            display_name: String::new(),
            labels: Default::default(),
            strict_deletes: false,
            generation: 1,
            created_at: now,
            deleted_at: None,
        },
    )?;
    buckets::insert(
        transaction,
        &Bucket {
            name: bucket(),
            labels: Default::default(),
            generation: 1,
            created_at: now,
            updated_at: now,
        },
    )?;
    let mut names = BTreeSet::new();
    for (image, tags) in images {
        let repository = Repository {
            bucket: bucket(),
            image: ImagePath::parse(image).unwrap(),
        };
        let id = repositories::ensure(transaction, &repository)?;
        let digest = Hasher::digest_of(Algorithm::Sha256, image.as_bytes());
        let content = NewBytes::Inline(image.as_bytes());
        let size = image.len() as u64;
        stored_blobs::put(transaction, &repository, id, &digest, size, content, now)?;
        let manifest = NewManifest {
            digest,
            media_type: "a/b",
            artifact_type: None,
            subject: None,
            annotations: None,
            image_size: 0,
            built_at: None,
            content: image.as_bytes(),
            blobs: &[digest],
            children: &[],
        };
        stored_manifests::put(transaction, &repository, id, &manifest, now)?;
        names.insert(format!("{image}/blob_{digest}"));
        names.insert(format!("{image}/manifest_{digest}"));
        for tag in tags {
            let tag = Tag::parse(tag).unwrap();
            stored_tags::put(transaction, &repository, id, &tag, &digest, now)?;
            names.insert(format!("{image}/tag_{tag}"));
        }
    }
    Ok(names)
}

/// Every object from a name on, run by run.
fn walk(transaction: &Transaction<'_>, from: &str, limit: i64) -> Result<Vec<String>, Error> {
    let (mut names, mut from) = (Vec::new(), from.to_owned());
    loop {
        let run = run(transaction, &bucket(), &from, limit)?;
        let Some(last) = run.last() else {
            return Ok(names);
        };
        assert!(run.len() <= usize::try_from(limit).unwrap());
        from = format!("{}!", last.name());
        names.extend(run.iter().map(Listed::name));
    }
}

fn images() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    // Names that interleave with the objects of the images that they are in.
    let segment = prop_oneof![
        Just("a"),
        Just("a-b"),
        Just("a.b"),
        Just("a0"),
        Just("blob"),
        Just("c"),
        Just("manifest_s"),
        Just("tag_v1"),
        Just("z")
    ];
    let image = proptest::collection::vec(segment, 1..4).prop_map(|path| path.join("/"));
    let tags = proptest::collection::vec("(v1|V1|latest|_|z)", 0..3);
    proptest::collection::vec((image, tags), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn runs_have_every_object_once_and_in_the_order_of_names(
        images in images(),
        from in "(a|a-|a/|a/a|b|a/blob/|tag_|z|/|~|a/manifest_|a/tag_v){0,3}",
        limit in 1_i64..5,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async move {
            let folder = tempfile::tempdir().unwrap();
            let meta = Meta::open(folder.path(), |_| ()).unwrap();
            meta.write(Durability::Process, move |transaction| {
                let names = fill(transaction, &images)?;
                let expected: Vec<String> =
                    names.iter().filter(|name| **name >= from).cloned().collect();
                assert_eq!(walk(transaction, &from, limit)?, expected, "{from}");
                for name in names {
                    let (image, leaf) = name.rsplit_once('/').unwrap();
                    let image = ImagePath::parse(image).unwrap();
                    let object = match leaf.split_once('_').unwrap() {
                        ("tag", tag) => Object::Tag(Tag::parse(tag).unwrap()),
                        ("blob", digest) => Object::Blob(Digest::parse(digest).unwrap()),
                        (_, digest) => Object::Manifest(Digest::parse(digest).unwrap()),
                    };
                    let found = find(transaction, &bucket(), &image, &object)?.unwrap();
                    assert_eq!(found.name(), name);
                }
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
        });
    }
}

#[tokio::test]
async fn every_look_goes_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let _meta = Meta::open(folder.path(), |_| ()).unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("metadata.sqlite")).unwrap();
    let sql = "EXPLAIN QUERY PLAN SELECT id, image || '/' FROM repositories \
               WHERE bucket = 'b' AND image || '/' > 'x' ORDER BY image || '/' LIMIT 1";
    let plan: String = connection.query_row(sql, [], |row| row.get(3)).unwrap();
    assert!(plan.contains("repositories_by_folder"), "{plan}");
}
