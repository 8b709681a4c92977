//! What containerd of three generations says in truth, recorded by a test that brings each fault about.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::super::CredentialSent;
use super::pulled;

#[test]
fn containerd_1_6() {
    record("bookworm");
}

#[test]
fn containerd_1_7() {
    record("trixie");
}

#[test]
fn containerd_2() {
    record("sid");
}

fn record(suite: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/runtimes")
        .join(format!("{suite}.json"));
    let record: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let cases = record["cases"].as_array().unwrap();
    assert!(cases.len() >= 30);
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let symptom = pulled(text);
        assert_eq!(
            format!("{:?}", symptom.complaint),
            case["complaint"],
            "{text}"
        );
        // What is read from the text must be what was done, and at least what the record demands.
        match symptom.credential {
            CredentialSent::Yes => assert_eq!(case["credential"], true, "{text}"),
            CredentialSent::No => assert_eq!(case["credential"], false, "{text}"),
            CredentialSent::Unknown => assert_eq!(case["sent"], "Unknown", "{text}"),
        }
    }
}
