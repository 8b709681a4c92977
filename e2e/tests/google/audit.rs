//! The audit log, read by `gcloud logging`.

use crate::{BUILDER, PROJECT, open, says};

#[test]
fn the_audit_log_is_read_and_searched() {
    let (_registry, gcloud) = open();
    gcloud.run("iam service-accounts create builder");
    gcloud.run(&format!(
        "projects add-iam-policy-binding {PROJECT} --member serviceAccount:{BUILDER} --role roles/browser"
    ));
    let found = gcloud.json("logging read protoPayload.methodName:SetIamPolicy --limit 1");
    let payload = &found[0]["protoPayload"];
    assert_eq!(
        payload["authenticationInfo"]["principalEmail"],
        "owner@default.iam.gserviceaccount.com"
    );
    assert_eq!(payload["authorizationInfo"][0]["granted"], true);
    let all = gcloud.run("logging read --order asc --format value(timestamp)");
    let times: Vec<_> = all.stdout.lines().collect();
    assert!(times.is_sorted() && times.len() > 2, "{all}");
    gcloud.run("logging read severity>=NOTICE --organization 0 --limit 1");
    let refused = gcloud.refused("logging read colour=red");
    says(&refused.stderr, "INVALID_ARGUMENT");
    says(&refused.stderr, "\"colour\" is not a field");
}
