//! What three generations of containerd said about faults that were made for them, each with its cause.

use serde::Deserialize;

use super::*;

const RECORDS: [&str; 3] = [
    include_str!("../../../../tests/runtimes/bookworm.json"),
    include_str!("../../../../tests/runtimes/trixie.json"),
    include_str!("../../../../tests/runtimes/sid.json"),
];

#[derive(Deserialize)]
struct Record {
    cases: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    fault: String,
    /// Whether the pull had a credential.
    credential: bool,
    text: String,
}

/// What is to be concluded from the text alone, with a pull secret that fits where the pull had a credential.
fn expected(recorded: &Recorded) -> &'static str {
    match (recorded.fault.as_str(), recorded.credential) {
        ("token-401" | "basic" | "manifest-403", false) => "no-pull-secret",
        ("token-401" | "basic" | "no-challenge" | "insufficient-scope-unsaid", true) => {
            "credential-rejected"
        }
        ("token-403" | "insufficient-scope", true) | ("blob-403", _) => "access-denied",
        ("token-404" | "token-503" | "token-absent" | "token-html", _) => "token-service-failing",
        ("token-429" | "manifest-429", _) => "rate-limited",
        ("token-refused", _) => "token-service-unreachable",
        ("invalid-token", _) => "token-refused",
        ("manifest-404", _) => "image-absent",
        ("manifest-500" | "manifest-503", _) => "registry-failing",
        ("manifest-html", _) => "not-a-registry",
        ("manifest-schema-1", _) => "schema-1",
        ("platform", _) => "platform-absent",
        ("blob-404", _) => "blob-absent",
        ("blob-corrupt", _) => "corrupt-content",
        ("dns", _) => "dns",
        // The node was told to ask another address.
        ("refused", _) => "mirror-misconfigured",
        ("unknown-ca", _) => "unknown-authority",
        ("wrong-name", _) => "certificate-wrong-name",
        ("plain-http", _) => "plain-http",
        (fault, _) => panic!("{fault} has no cause"),
    }
}

#[test]
fn each_text_that_was_recorded_has_the_cause_of_the_fault_that_was_made() {
    for record in RECORDS {
        let record: Record = serde_json::from_str(record).unwrap();
        for recorded in record.cases {
            let mut pod = waiting("ErrImagePull", &recorded.text);
            let image = format!("{0}.test/{0}:1", recorded.fault);
            pod.containers[0].image = image;
            let mut observations = seen(pod);
            if recorded.credential {
                observations.pods[0].pull_secrets = vec!["regcred".to_owned()];
                let host = format!("{}.test", recorded.fault);
                observations = observations.with("regcred", secret("regcred", &host));
            }
            let finding = only(&observations);
            assert_eq!(
                finding.cause.code(),
                expected(&recorded),
                "{}",
                recorded.text
            );
        }
    }
}
