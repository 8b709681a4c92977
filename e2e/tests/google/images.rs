//! `gcloud container images`. Some of its commands take only names that look like Google's, without a port, so that the
//! registry has to be `gcr.io.localhost` on port 80: it is on an island of its own.

use wharf_e2e::content::Layout;
use wharf_e2e::{Gcloud, Program, TestRegistry, island};

use crate::{PROJECT, says};

const HOST: &str = "gcr.io.localhost";

#[test]
fn images_are_listed_tagged_and_deleted() {
    let name = "images::images_are_listed_tagged_and_deleted";
    if !island::is_reached(name, &[HOST, "us.gcr.io.localhost"]) {
        return;
    }
    let registry =
        TestRegistry::start_on(80, &["--host", HOST, "--host", "us.gcr.io.localhost=us"]);
    registry.wharf().run(&format!("projects create {PROJECT}"));
    let gcloud = Gcloud::in_project(&registry, &registry.owner_key(), PROJECT).unwatched();
    let mut layout = Layout::create(&gcloud.path("layout"));
    let image = layout.busybox("amd64");
    layout.tag(&image, "v1");
    let digest = layout.digest("v1");
    gcloud.run(&format!("auth configure-docker {HOST},us.gcr.io.localhost"));
    for target in [
        format!("{HOST}/{PROJECT}/web:v1"),
        format!("{HOST}/{PROJECT}/deep/er:v1"),
        format!("us.{HOST}/{PROJECT}/other:v1"),
    ] {
        gcloud
            .equip(Program::new("skopeo"))
            .args(["copy", "--preserve-digests", "--dest-tls-verify=false"])
            .arg(format!("oci:{}:v1", layout.folder().display()))
            .arg(format!("docker://{target}"))
            .succeeds();
    }

    let repository = format!("{HOST}/{PROJECT}");
    let list = |repository: &str| {
        let words = format!("container images list --repository {repository} --format value(name)");
        gcloud.run(&words).stdout
    };
    assert_eq!(
        list(&repository),
        format!("{repository}/deep\n{repository}/web\n")
    );
    assert_eq!(
        list(&format!("{repository}/deep")),
        format!("{repository}/deep/er\n")
    );
    assert_eq!(
        list(&format!("us.{repository}")),
        format!("us.{repository}/other\n")
    );

    let web = format!("{repository}/web");
    let tags = || gcloud.json(&format!("container images list-tags {web}"));
    let listed = tags();
    assert_eq!(listed[0]["tags"], serde_json::json!(["v1"]));
    assert_eq!(listed[0]["digest"], digest);
    let described = gcloud.json(&format!("container images describe {web}:v1"));
    assert_eq!(described["image_summary"]["digest"], digest);

    gcloud.run(&format!(
        "container images add-tag {web}:v1 {web}:v2 {web}:v3"
    ));
    gcloud.run(&format!(
        "container images add-tag {web}:v1 {repository}/copy:v1"
    ));
    assert_eq!(tags()[0]["tags"], serde_json::json!(["v1", "v2", "v3"]));
    gcloud.run(&format!("container images untag {web}:v3"));
    assert_eq!(tags()[0]["tags"], serde_json::json!(["v1", "v2"]));
    let refused = gcloud.refused(&format!("container images delete {web}@{digest}"));
    says(&refused.stderr, "force-delete-tags");
    gcloud.run(&format!(
        "container images delete {web}@{digest} --force-delete-tags"
    ));
    assert_eq!(
        list(&repository),
        format!("{repository}/copy\n{repository}/deep\n")
    );
    let gone = gcloud.refused(&format!("container images describe {web}:v1"));
    says(&gone.stderr, "is not a valid name");

    // Somebody without a role there.
    registry.wharf().run("projects create the-neighbour");
    let key = registry
        .wharf()
        .account_with_key("the-neighbour", "stranger", &registry.scratch());
    let stranger = Gcloud::in_project(&registry, &key, "the-neighbour").unwatched();
    let refused = stranger.refused(&format!("container images list --repository {repository}"));
    says(&refused.stderr, "Access denied");
}
