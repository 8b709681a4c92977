//! The audit log, asked by the command line.

use crate::support::Registry;

const PULLER: &str = "gcr-puller@my-project.iam.gserviceaccount.com";

#[test]
fn the_audit_log_says_who_was_refused_and_why() {
    let registry = Registry::start();
    let key = registry.path("puller.json");
    for words in [
        "projects create my-project".to_owned(),
        "iam service-accounts create gcr-puller --project my-project".to_owned(),
        format!(
            "iam service-accounts keys create {} --iam-account {PULLER}",
            key.display()
        ),
    ] {
        registry.owner(&words).code(0);
    }
    let puller = |words: &str| registry.with_key(&key, words).code(1);
    puller("images list --project my-project");
    let read = |more: &str| {
        let words = format!("logging read --project my-project {more}");
        registry.owner(&words).code(0)
    };
    let refused = read("protoPayload.authorizationInfo.granted=false -o json").json();
    let refused = &refused[0]["protoPayload"];
    assert_eq!(refused["authenticationInfo"]["principalEmail"], PULLER);
    assert_eq!(refused["status"]["code"], 7);
    assert!(
        refused["status"]["message"]
            .to_string()
            .contains("it has no role there")
    );
    let all = read("--order asc -o json").json();
    let times: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["timestamp"].to_string())
        .collect();
    assert!(times.is_sorted() && times.len() > 3, "{times:?}");
    assert_eq!(
        read("--limit 2 -o json").json().as_array().unwrap().len(),
        2
    );
    let table = read("--limit 1").stdout;
    assert!(table.starts_with("TIME "), "{table}");
    // Nobody else reads it, and the key's own failures are found by whoever may.
    puller("logging read --project my-project").says(&["logging.logEntries.list", "hint: "]);
    registry
        .owner(&format!("iam service-accounts disable {PULLER}"))
        .code(0);
    puller("images list --project my-project");
    let failed = read("protoPayload.metadata.event=authentication_failed -o json").json();
    assert_eq!(
        failed[0]["protoPayload"]["metadata"]["claimedAccount"],
        PULLER
    );
    let wrong = "logging read colour=red --project my-project";
    registry
        .owner(wrong)
        .code(1)
        .says(&["at character 1", "protoPayload.methodName"]);
    registry
        .owner("logging read --organization 0 --limit 1")
        .code(0);
}
