//! How gcloud logs in, and the tokens that it gets.

use wharf_e2e::{Gcloud, TestRegistry};

use crate::says;

#[test]
fn a_key_file_logs_in() {
    let registry = TestRegistry::start();
    let gcloud = Gcloud::logged_out(&registry);
    let refused = gcloud.refused("projects list");
    says(&refused.stderr, "auth");
    let activated = gcloud.activate(&registry.owner_key());
    says(
        &activated.stderr,
        "Activated service account credentials for: [owner@default.iam.gserviceaccount.com]",
    );
    let projects = gcloud.json("projects list");
    assert_eq!(projects[0]["projectId"], "default");
    let token = gcloud.run("auth print-access-token");
    assert_eq!(token.stdout.lines().count(), 1, "{token}");
}
