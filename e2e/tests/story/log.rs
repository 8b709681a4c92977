//! What happened is found in the audit log, by whoever may read it, with the words of the refusal.

use serde_json::Value;

use wharf_e2e::Wharf;
use wharf_e2e::jwt::{access_token, read_key};
use wharf_e2e::wharf::email;

use crate::{PROJECT, REPOSITORY, Story};

/// The newest entry that a filter finds for a reader of the log.
fn newest(reader: &Wharf, filter: &str) -> Value {
    let read = reader.command("logging read").arg(filter).args([
        "--project",
        PROJECT,
        "--limit",
        "1",
        "-o",
        "json",
    ]);
    let found = read.succeeds().json();
    assert_eq!(found.as_array().unwrap().len(), 1, "{filter}");
    found[0]["protoPayload"].clone()
}

pub(crate) fn the_log_tells_each_refusal_to_its_reader(story: &Story) {
    let key = story.account("log-reader");
    let reader = Wharf::new(&story.registry, &key);
    let refused = reader.refused(&format!("logging read --project {PROJECT}"));
    assert!(
        refused.stderr.contains("logging.logEntries.list"),
        "{refused}"
    );
    story
        .wharf
        .grant(PROJECT, "log-reader", "roles/logging.privateLogViewer");
    reader.refused("logging read --project the-neighbour");

    // A permission that lacks, and a condition that is false.
    let of = |name: &str| {
        let account = email(PROJECT, name);
        format!(
            "protoPayload.authenticationInfo.principalEmail=\"{account}\" AND protoPayload.authorizationInfo.granted=false AND protoPayload.resourceName:\"/library/web/\""
        )
    };
    let lacking = newest(&reader, &of("us-puller"));
    assert_eq!(lacking["status"]["code"], 7);
    let bucket = format!("projects/_/buckets/artifacts.{PROJECT}.appspot.com");
    let tag = format!("{bucket}/objects/containers/repositories/library/web/tag_v1");
    assert_eq!(lacking["resourceName"], tag);
    let conditional = newest(&reader, &of("conditional"));
    let reason = conditional["status"]["message"].as_str().unwrap();
    assert!(
        reason.contains("images-of-us") && reason.contains("it is false where resource.name is"),
        "{reason}"
    );

    // A tag that is not there: the pull was granted, on that very name.
    let puller = story.account("mistyper");
    story
        .wharf
        .grant(PROJECT, "mistyper", "roles/storage.objectViewer");
    let path = format!("/v2/{REPOSITORY}/manifests/v11");
    story.client(&puller).get(&path).send().expect(404);
    let granted = newest(&reader, "protoPayload.resourceName:\"/web/tag_v11\"");
    assert_eq!(granted["authorizationInfo"][0]["granted"], true);
    assert_eq!(
        granted["metadata"]["binding"]["role"],
        "roles/storage.objectViewer"
    );

    // A key that is disabled: nobody was proved, but the log says whose the credential says that it is.
    let nobody = story.registry.anonymous();
    let token = access_token(&nobody, &puller);
    let key_id = read_key(&puller)["private_key_id"].clone();
    let account = email(PROJECT, "mistyper");
    story.wharf.run(&format!(
        "iam service-accounts keys disable {} --iam-account {account} --quiet",
        key_id.as_str().unwrap()
    ));
    nobody.get(&path).bearer(&token).send().expect(401);
    let failed = newest(
        &reader,
        &format!("protoPayload.metadata.claimedAccount=\"{account}\""),
    );
    assert_eq!(failed["metadata"]["keyId"], key_id);
    assert_eq!(failed["authenticationInfo"]["principalEmail"], Value::Null);
    let reason = failed["status"]["message"].as_str().unwrap();
    assert!(reason.contains("is disabled"), "{reason}");
}
