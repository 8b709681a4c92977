//! `gcloud storage` and `gsutil`: buckets, and the objects that a registry holds, as GCR's users knew them.

use std::fs;

use wharf_e2e::content::Image;
use wharf_e2e::random::Random;
use wharf_e2e::{Gcloud, TestRegistry};

use crate::says;

const BUCKET: &str = "gs://artifacts.default.appspot.com";
const LIBRARY: &str = "gs://artifacts.default.appspot.com/containers/repositories/library";

/// A registry with an image in two folders, one of its layers larger than what is kept in rows.
fn start() -> (TestRegistry, Gcloud, Image) {
    let registry = TestRegistry::start();
    let image = Image::random(&mut Random::new(7), &[3_000_000, 10]);
    for repository in ["default/web", "default/web/api"] {
        registry.owner().push_image(repository, "v1", &image);
    }
    let gcloud = Gcloud::new(&registry, &registry.owner_key());
    (registry, gcloud, image)
}

#[test]
fn objects_are_listed_described_and_downloaded() {
    let (registry, gcloud, image) = start();
    assert_eq!(gcloud.run("storage ls").stdout.trim(), format!("{BUCKET}/"));
    let folders = gcloud.run(&format!("storage ls {LIBRARY}/"));
    assert_eq!(folders.stdout.trim(), format!("{LIBRARY}/web/"));
    let long = gcloud.run(&format!("storage ls -l {LIBRARY}/web/")).stdout;
    says(&long, "TOTAL: 5 objects");
    says(&long, &format!("{LIBRARY}/web/manifest_{}", image.digest()));
    says(&long, &format!("{LIBRARY}/web/api/"));
    let tags = gcloud.run(&format!("storage ls {BUCKET}/**/tag_v1"));
    assert_eq!(tags.stdout.lines().count(), 2);
    let all = gcloud.json(&format!("storage objects list {BUCKET}/**"));
    assert_eq!(all.as_array().unwrap().len(), 10);
    says(
        &gcloud
            .run(&format!("storage du -s {LIBRARY}/web/api"))
            .stdout,
        "30",
    );

    let tag = gcloud.json(&format!("storage objects describe {LIBRARY}/web/tag_v1"));
    let digest = image.digest();
    let (_, hex) = digest.split_once(':').unwrap();
    assert_eq!(tag["custom_fields"]["sha256"], hex);
    let content = gcloud
        .run(&format!("storage cat {LIBRARY}/web/tag_v1"))
        .stdout;
    assert_eq!(wharf_e2e::content::digest(content.as_bytes()), digest);

    let folder = gcloud.path("down");
    fs::create_dir(&folder).unwrap();
    let copied = gcloud.run(&format!("storage cp -r {LIBRARY}/web {}", folder.display()));
    says(&copied.stderr, "Found no hashes");
    let downloaded = fs::read_dir(folder.join("web")).unwrap();
    let mut blobs = 0;
    for file in downloaded.map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        if let Some(digest) = name.strip_prefix("blob_") {
            assert_eq!(wharf_e2e::content::file_digest(&file), digest);
            blobs += 1;
        }
    }
    assert_eq!(blobs, 3);
    registry.assert_unharmed(&[]);
}

#[test]
fn objects_are_not_written_and_only_seen_by_who_may() {
    let (registry, gcloud, _) = start();
    let file = gcloud.file("x", "x");
    let up = gcloud.refused(&format!("storage cp {} {BUCKET}/x", file.display()));
    says(&up.stderr, "405");
    says(&up.stderr, "registry protocol");
    let rm = gcloud.refused(&format!("storage rm {LIBRARY}/web/tag_v1"));
    says(&rm.stderr, "405");

    let folder = registry.scratch();
    let key = registry
        .wharf()
        .account_with_key("default", "reader", &folder);
    let reader = Gcloud::new(&registry, &key);
    let refused = reader.refused(&format!("storage ls {LIBRARY}/web/"));
    // gcloud looks first whether there is an object of this name.
    says(&refused.stderr, "permission storage.objects.get denied");
    let refused = reader.refused(&format!("storage ls {BUCKET}"));
    says(&refused.stderr, "storage.objects.list");
    let refused = reader.refused(&format!("storage cat {LIBRARY}/web/tag_v1"));
    says(&refused.stderr, "storage.objects.get");
    registry
        .wharf()
        .grant("default", "reader", "roles/storage.objectViewer");
    says(
        &reader.run(&format!("storage ls {LIBRARY}/web/")).stdout,
        "tag_v1",
    );
    reader.run(&format!("storage cat {LIBRARY}/web/tag_v1"));
}

#[test]
fn a_bucket_has_labels_and_is_deleted_only_when_it_is_empty() {
    let (_registry, gcloud, _) = start();
    gcloud.run(&format!(
        "storage buckets update {BUCKET} --update-labels=team=blue"
    ));
    let bucket = gcloud.json(&format!("storage buckets describe {BUCKET}"));
    assert_eq!(bucket["labels"]["team"], "blue");
    let full = gcloud.refused(&format!("storage buckets delete {BUCKET}"));
    says(&full.stderr, "holds images");
}

#[test]
fn gsutil_does_the_same() {
    let (registry, gcloud, image) = start();
    let list = gcloud.gsutil(&format!("ls {LIBRARY}/web/")).succeeds();
    says(
        &list.stdout,
        &format!("{LIBRARY}/web/manifest_{}", image.digest()),
    );
    let content = gcloud
        .gsutil(&format!("cat {LIBRARY}/web/tag_v1"))
        .succeeds()
        .stdout;
    assert_eq!(
        wharf_e2e::content::digest(content.as_bytes()),
        image.digest()
    );
    says(
        &gcloud
            .gsutil(&format!("stat {LIBRARY}/web/tag_v1"))
            .succeeds()
            .stdout,
        "Generation",
    );
    registry
        .wharf()
        .account_with_key("default", "reader", &registry.scratch());
    let reader = wharf_e2e::wharf::email("default", "reader");
    gcloud
        .gsutil(&format!(
            "iam ch serviceAccount:{reader}:objectViewer {BUCKET}"
        ))
        .succeeds();
    says(
        &gcloud
            .gsutil(&format!("iam get {BUCKET}"))
            .succeeds()
            .stdout,
        &reader,
    );
    says(
        &gcloud
            .gsutil(&format!("uniformbucketlevelaccess get {BUCKET}"))
            .succeeds()
            .stdout,
        "Enabled: True",
    );
}
