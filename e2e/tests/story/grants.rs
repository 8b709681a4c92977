//! What a role grants: on a project, on one bucket, under a condition. And what it does not.

use wharf_e2e::wharf::email;
use wharf_e2e::{Answer, Client};

use crate::{PROJECT, REPOSITORY, Story};

const VIEWER: &str = "roles/storage.objectViewer";

/// The image comes, manifest and blobs, byte by byte.
pub(crate) fn pulls(story: &Story, client: &Client) {
    let manifest = client
        .get(&format!("/v2/{REPOSITORY}/manifests/v1"))
        .send()
        .expect(200);
    assert!(manifest.body == story.image.manifest);
    assert_eq!(
        manifest.header("docker-content-digest"),
        story.image.digest()
    );
    for blob in &story.image.blobs {
        let digest = wharf_e2e::content::digest(blob);
        let answer = client
            .get(&format!("/v2/{REPOSITORY}/blobs/{digest}"))
            .send()
            .expect(200);
        assert!(answer.body == *blob, "{digest}");
    }
}

/// A refusal that names the permission, in the word that kubelets show.
pub(crate) fn is_denied(answer: &Answer, permission: &str) -> String {
    let message = answer.oci_error(401, "DENIED");
    assert!(message.contains(permission), "{message}");
    let challenge = answer.header("www-authenticate");
    assert!(
        challenge.contains("error=\"insufficient_scope\""),
        "{challenge}"
    );
    message
}

pub(crate) fn a_key_that_may_pull_the_project_does_and_no_more(story: &Story) {
    let key = story.account("puller");
    let puller = story.client(&key);
    is_denied(
        &puller.get(&format!("/v2/{REPOSITORY}/manifests/v1")).send(),
        "storage.objects.get",
    );
    story.wharf.grant(PROJECT, "puller", VIEWER);
    pulls(story, &puller);
    pulls(story, &puller.under("us.example.com"));
    let tags = puller
        .get(&format!("/v2/{REPOSITORY}/tags/list"))
        .send()
        .expect(200);
    assert_eq!(tags.json()["tags"], serde_json::json!(["v1"]));

    let push = puller
        .post(&format!("/v2/{REPOSITORY}/blobs/uploads/"))
        .send();
    let message = is_denied(&push, "storage.objects.create");
    assert!(
        message.contains(&email(PROJECT, "puller"))
            && message.contains(REPOSITORY.trim_start_matches("the-shop/")),
        "{message}"
    );
    let manifest = puller
        .put(&format!("/v2/{REPOSITORY}/manifests/v2"))
        .header("content-type", &story.image.media_type)
        .body(story.image.manifest.clone())
        .send();
    is_denied(&manifest, "storage.objects.create");
    let digest = story.image.digest();
    for path in ["manifests/v1", &format!("manifests/{digest}")] {
        is_denied(
            &puller.delete(&format!("/v2/{REPOSITORY}/{path}")).send(),
            "storage.objects.delete",
        );
    }
    // Another project looks as if it were not there.
    let there = puller.get("/v2/the-neighbour/web/manifests/v1").send();
    let absent = puller.get("/v2/the-nowhere/web/manifests/v1").send();
    let (there, absent) = (
        there.oci_error(401, "DENIED"),
        absent.oci_error(401, "DENIED"),
    );
    assert_eq!(
        there.replace("the-neighbour", "P"),
        absent.replace("the-nowhere", "P")
    );
    // Neither does the command line show it, or let it grant itself more.
    let wharf = wharf_e2e::Wharf::new(&story.registry, &key);
    let refused = wharf.refused("projects describe the-neighbour");
    assert!(
        refused
            .stderr
            .contains("resourcemanager.projects.get denied"),
        "{refused}"
    );
    assert_eq!(refused.code, Some(1));
    let refused = wharf.refused(&format!(
        "projects add-iam-policy-binding {PROJECT} --member serviceAccount:{} --role roles/owner",
        email(PROJECT, "puller")
    ));
    assert!(refused.stderr.contains("IamPolicy"), "{refused}");
    assert_eq!(
        story
            .owner
            .get(&format!("/v2/{REPOSITORY}/manifests/v2"))
            .send()
            .status,
        404
    );
    pulls(story, &puller);
}

pub(crate) fn a_key_that_may_pull_one_bucket_pulls_from_no_other(story: &Story) {
    let key = story.account("us-puller");
    story.wharf.run(&format!(
        "buckets add-iam-policy-binding gs://us.artifacts.{PROJECT}.appspot.com --member serviceAccount:{} --role {VIEWER}",
        email(PROJECT, "us-puller")
    ));
    let client = story.client(&key);
    pulls(story, &client.under("us.example.com"));
    is_denied(
        &client.get(&format!("/v2/{REPOSITORY}/manifests/v1")).send(),
        "storage.objects.get",
    );
}

pub(crate) fn a_condition_is_explained_by_binding_and_value(story: &Story) {
    let key = story.account("conditional");
    let bucket = format!("projects/_/buckets/us.artifacts.{PROJECT}.appspot.com");
    story
        .wharf
        .command(&format!(
            "projects add-iam-policy-binding {PROJECT} --member serviceAccount:{} --role {VIEWER}",
            email(PROJECT, "conditional")
        ))
        .arg("--condition")
        .arg(format!("title=images-of-us,expression=resource.type == \"storage.googleapis.com/Object\" && resource.name.startsWith(\"{bucket}\")"))
        .succeeds();
    let client = story.client(&key);
    pulls(story, &client.under("us.example.com"));
    let refused = client.get(&format!("/v2/{REPOSITORY}/manifests/v1")).send();
    is_denied(&refused, "storage.objects.get");

    let object =
        |bucket: &str| format!("{bucket}/objects/containers/repositories/library/web/tag_v1");
    let troubleshoot = |resource: &str| {
        let words = format!(
            "iam troubleshoot {} --permission storage.objects.get --resource {resource}",
            email(PROJECT, "conditional")
        );
        story.wharf.run(&words).stdout
    };
    let other = bucket.replace("/us.", "/");
    let denied = troubleshoot(&object(&other));
    for part in [
        "DENIED",
        VIEWER,
        &format!("projects/{PROJECT}"),
        "images-of-us",
        "resource.name is",
        &other,
        "startsWith",
    ] {
        assert!(denied.contains(part), "{part:?} is not in:\n{denied}");
    }
    let allowed = troubleshoot(&object(&bucket));
    for part in ["ALLOWED", VIEWER, "images-of-us", "holds"] {
        assert!(allowed.contains(part), "{part:?} is not in:\n{allowed}");
    }
    // The wrong type in a condition, which is easily written: the explanation says just that.
    let wrong = story.wharf.command(&format!(
        "projects add-iam-policy-binding {PROJECT} --member serviceAccount:{} --role roles/storage.objectViewer",
        email(PROJECT, "conditional")
    ));
    wrong
        .arg("--condition")
        .arg("title=wrong-type,expression=resource.type == \"storage.googleapis.com/Bucket\"")
        .succeeds();
    let denied = troubleshoot(&object(&other));
    for part in [
        "wrong-type",
        "resource.type is \"storage.googleapis.com/Object\"",
    ] {
        assert!(denied.contains(part), "{part:?} is not in:\n{denied}");
    }
}
