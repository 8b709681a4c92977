//! A configuration of gcloud, as `wharf gcloud-env --configuration` writes it.

use wharf_e2e::{Gcloud, Program, TestRegistry};

use crate::says;

#[test]
fn a_configuration_stands_for_the_environment() {
    let registry = TestRegistry::start_with(&["--tls-self-signed"]);
    // Nothing of it is in the environment.
    let gcloud = Gcloud::pointed_by(Program::new("true"));
    let wharf = |words: &str| {
        let command = registry.wharf().command(&format!("gcloud-env {words}"));
        command.env("CLOUDSDK_CONFIG", gcloud.configuration())
    };
    wharf("--configuration wharf --activate").succeeds();
    gcloud.activate(&registry.owner_key());
    assert_eq!(gcloud.json("projects list")[0]["projectId"], "default");
    let shown = gcloud.run("config list --all");
    says(&shown.stdout, "project = default");
    says(&shown.stdout, &format!("iam = {}/", registry.url()));
    says(&gcloud.run("config configurations list").stdout, "wharf");
    // What gcloud wrote into it stays when it is written again.
    wharf("--configuration wharf").succeeds();
    says(
        &gcloud.run("config list").stdout,
        "account = owner@default.iam.gserviceaccount.com",
    );

    gcloud.run("config configurations create plain");
    wharf("--configuration wharf --delete").succeeds();
    let names = gcloud.run("config configurations list --format value(name)");
    assert!(!names.stdout.contains("wharf"), "{names}");
}
