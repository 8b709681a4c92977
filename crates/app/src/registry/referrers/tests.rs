#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};
use wharf_types::media::{OCI_INDEX, OCI_MANIFEST};

use super::super::testing::*;
use super::*;
use crate::testing::TestApp;

fn artifact(kind: &str, subject: &Digest, number: usize) -> Value {
    let mut document = image(&[]);
    document["artifactType"] = kind.into();
    document["subject"] = json!({"mediaType": OCI_MANIFEST, "digest": subject, "size": 1});
    document["annotations"] = json!({"number": number.to_string()});
    document
}

async fn list(
    app: &TestApp,
    subject: &Digest,
    kind: Option<&str>,
    last: Option<&Digest>,
) -> Page<Referrer> {
    let owner = app.owner().await;
    app.list_referrers(&owner, &repository("default/web"), subject, kind, last)
        .await
        .unwrap()
}

fn digests(page: &Page<Referrer>) -> Vec<Digest> {
    page.items.iter().map(|item| item.digest).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn referrers_show_what_the_manifest_says_until_it_is_deleted() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let subject = sha256(b"absent");
    assert!(
        list(&app, &subject, None, None).await.items.is_empty(),
        "no repository, no error"
    );
    app.push_blob(&owner, &web, CONFIG).await;
    let sbom = artifact("application/x.sbom", &subject, 1);
    let signature = artifact("application/x.signature", &subject, 2);
    let mut all = index(&[]);
    all["subject"] = sbom["subject"].clone();
    for document in [&sbom, &signature, &all] {
        app.push(&owner, &web, by_digest(document), document)
            .await
            .unwrap();
    }
    let page = list(&app, &subject, None, None).await;
    let mut expected = vec![digest_of(&sbom), digest_of(&signature), digest_of(&all)];
    expected.sort();
    assert_eq!(digests(&page), expected);
    for item in &page.items {
        let (media_type, kind, number) = match item.digest {
            digest if digest == digest_of(&sbom) => {
                (OCI_MANIFEST, Some("application/x.sbom"), Some("1"))
            }
            digest if digest == digest_of(&all) => (OCI_INDEX, None, None),
            _ => (OCI_MANIFEST, Some("application/x.signature"), Some("2")),
        };
        assert_eq!(
            (item.media_type.as_str(), item.artifact_type.as_deref()),
            (media_type, kind)
        );
        let shown = item
            .annotations
            .as_ref()
            .map(|all| all["number"].as_str().unwrap());
        assert_eq!(shown, number);
    }
    let filtered = list(&app, &subject, Some("application/x.sbom"), None).await;
    assert_eq!(digests(&filtered), [digest_of(&sbom)]);
    assert_eq!(filtered.items[0].size, sbom.to_string().len() as u64);
    assert!(
        list(&app, &subject, Some("application/x.none"), None)
            .await
            .items
            .is_empty()
    );
    app.delete_manifest(&owner, &web, &by_digest(&sbom))
        .await
        .unwrap();
    assert!(
        list(&app, &subject, Some("application/x.sbom"), None)
            .await
            .items
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_bounded_in_bytes_and_go_on() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let subject = sha256(b"absent");
    app.push_blob(&owner, &web, CONFIG).await;
    let mut expected = Vec::new();
    for number in 0..7 {
        let mut document = artifact("a/b", &subject, number);
        document["annotations"]["large"] = "x".repeat(1_400_000).into();
        app.push(&owner, &web, by_digest(&document), &document)
            .await
            .unwrap();
        expected.push(digest_of(&document));
    }
    expected.sort();
    let (mut seen, mut last) = (Vec::new(), None::<Digest>);
    loop {
        let page = list(&app, &subject, Some("a/b"), last.as_ref()).await;
        assert!((1..=2).contains(&page.items.len()), "two fit into 4 MiB");
        seen.extend(digests(&page));
        match page.next {
            Some(next) => last = Some(next.parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_tag_of_older_clients_names_is_listed_too() {
    let app = TestApp::open().await;
    let (owner, web) = (app.owner().await, repository("default/web"));
    let subject = sha256(b"absent");
    app.push_blob(&owner, &web, CONFIG).await;
    let mut silent = artifact("application/x.old", &subject, 1);
    silent.as_object_mut().unwrap().remove("subject");
    let known = artifact("application/x.new", &subject, 2);
    for document in [&silent, &known] {
        app.push(&owner, &web, by_digest(document), document)
            .await
            .unwrap();
    }
    let mut fallback = index(&[&silent, &known]);
    fallback["manifests"][0]["artifactType"] = "application/x.old".into();
    let name = format!("sha256-{}", subject.hex());
    app.push(&owner, &web, tag(&name), &fallback).await.unwrap();
    let mut expected = vec![digest_of(&silent), digest_of(&known)];
    expected.sort();
    assert_eq!(digests(&list(&app, &subject, None, None).await), expected);
    let old = list(&app, &subject, Some("application/x.old"), None).await;
    assert_eq!(digests(&old), [digest_of(&silent)]);
    let after = list(&app, &subject, None, Some(&expected[0])).await;
    assert_eq!(digests(&after), expected[1..]);
    app.delete_manifest(&owner, &web, &by_digest(&fallback))
        .await
        .unwrap();
    assert_eq!(
        digests(&list(&app, &subject, None, None).await),
        [digest_of(&known)]
    );
}

#[test]
fn tags_of_the_schema_are_cut_to_what_a_tag_holds() {
    let long = Digest::Sha512([0xab; 64]);
    assert_eq!(
        schema_tag(&long).unwrap().as_str(),
        format!("sha512-{}", "ab".repeat(32))
    );
    let short = Digest::Sha256([0xab; 32]);
    assert_eq!(
        schema_tag(&short).unwrap().as_str(),
        format!("sha256-{}", "ab".repeat(32))
    );
}
