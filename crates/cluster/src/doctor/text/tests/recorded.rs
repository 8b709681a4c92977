//! What containerd of three generations says in truth, recorded by a test that brings each fault about.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::super::Complaint::{self, *};
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
        let fault = case["fault"].as_str().unwrap();
        assert_eq!(symptom.complaint, complaint(fault), "{text}");
        // What is read from the text must be what was done; and a token endpoint's refusal always tells.
        match symptom.credential {
            CredentialSent::Yes => assert_eq!(case["credential"], true, "{text}"),
            CredentialSent::No => assert_eq!(case["credential"], false, "{text}"),
            CredentialSent::Unknown => assert_ne!(fault, "token-401", "{text}"),
        }
    }
}

/// What a text about a fault is to be read as.
fn complaint(fault: &str) -> Complaint {
    match fault {
        "token-401" | "insufficient-scope-unsaid" | "invalid-token" | "basic" | "no-challenge" => {
            Unauthorized
        }
        "token-403" | "insufficient-scope" | "manifest-403" | "blob-403" => Forbidden,
        "token-404" => TokenEndpoint { status: Some(404) },
        "token-503" => TokenEndpoint { status: Some(503) },
        "token-absent" | "token-html" => TokenEndpoint { status: None },
        "token-429" | "manifest-429" => RateLimited,
        "token-refused" | "refused" => Refused,
        "manifest-404" => NotFound,
        "manifest-500" => ServerError { status: Some(500) },
        "manifest-503" => ServerError { status: Some(503) },
        "manifest-html" => NotARegistry,
        "manifest-schema-1" => SchemaOne,
        "platform" => NoPlatform,
        "blob-404" => BlobUnknown,
        "blob-corrupt" => Corrupt,
        "dns" => Dns {
            name: Some("dns.test".to_owned()),
        },
        "unknown-ca" => UnknownAuthority,
        "wrong-name" => WrongName,
        "plain-http" => PlainHttp,
        fault => panic!("{fault} has no complaint"),
    }
}
