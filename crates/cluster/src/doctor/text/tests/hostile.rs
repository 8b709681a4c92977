//! Texts that nobody means well with.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::Complaint::*;
use super::super::classify;
use super::pulled;

/// Pieces that readers look for, to be put together in any order.
const PIECES: [&str; 34] = [
    "rpc error: code = ",
    " desc = ",
    "Back-off pulling image \"",
    "\": ",
    "[",
    "]",
    ", ",
    "failed to resolve image: ",
    "pull image err: ",
    "; artifact err: ",
    "(Mirrors also failed: [",
    "]): ",
    "reading manifest ",
    " in ",
    "errors:\n",
    "denied",
    "unexpected status",
    "status code ",
    "404",
    " 503 ",
    "http://",
    "https://",
    "Get \"",
    "?ns=x",
    "@",
    "é",
    "\u{0}",
    ": lookup ",
    ": not found",
    "Error: ",
    "failed to fetch oauth token",
    "x509: ",
    "unexpected EOF",
    " (a, b); ",
];

proptest! {
    #[test]
    fn no_text_makes_it_fall_over(reason in any::<String>(), message in any::<String>()) {
        harmless(&reason, &message)?;
    }

    #[test]
    fn no_mixture_of_phrases_makes_it_fall_over(
        pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..40),
    ) {
        harmless("ErrImagePull", &pieces.concat())?;
        harmless(&pieces.concat(), "")?;
    }
}

fn harmless(reason: &str, message: &str) -> Result<(), TestCaseError> {
    let symptom = classify(reason, message);
    prop_assert!(
        symptom.fragment.chars().count() <= 402,
        "{}",
        symptom.fragment
    );
    prop_assert!(
        !symptom.fragment.contains(char::is_control),
        "{:?}",
        symptom.fragment
    );
    if let Some(host) = symptom.host {
        prop_assert!(!host.is_empty() && host.len() <= 270);
        prop_assert!(
            !host.contains(|c: char| c.is_whitespace() || c.is_control() || "/@\"".contains(c)),
            "{host}"
        );
    }
    Ok(())
}

#[test]
fn long_texts_take_no_time() {
    for piece in PIECES {
        let text = piece.repeat(1_000_000 / piece.len());
        let start = Instant::now();
        classify("", &text);
        classify(&text, "");
        // A fraction of a second even in an unoptimised build on a busy machine; quadratic work would be minutes.
        assert!(start.elapsed() < Duration::from_secs(5), "{piece:?}");
    }
}

#[test]
fn the_name_of_an_image_says_nothing() {
    let name = "us.example.com/no-such-host/x509/denied/unauthorized:429";
    let text = format!(
        "failed to pull and unpack image \"{name}\": failed to resolve reference \"{name}\": {name}: not found"
    );
    assert_eq!(pulled(&text).complaint, NotFound);
    let text = format!(
        "initializing source docker://{name}: reading manifest 429 in us.example.com/no-such-host/x509/denied/unauthorized: manifest unknown"
    );
    assert_eq!(pulled(&text).complaint, ManifestUnknown);
}

#[test]
fn what_a_registry_says_does_not_hide_its_status() {
    let text = "failed to copy: httpReadSeeker: failed open: unexpected status code https://us.example.com/v2/a/blobs/sha256:1f: 403 Forbidden - Server message: denied: x509: certificate signed by unknown authority: connection refused: toomanyrequests: not found";
    assert_eq!(pulled(text).complaint, Forbidden);
}

#[test]
fn signatures_and_passwords_in_urls_are_not_shown() {
    let text = "failed to pull and unpack image \"us.example.com/a:1\": failed to copy: httpReadSeeker: failed open: unexpected status code https://key:hunter2@storage.example.net/ab9b?X-Signature=hunter2&Expires=9: 403 Forbidden";
    let symptom = pulled(text);
    assert_eq!(
        symptom.fragment,
        "failed to copy: httpReadSeeker: failed open: unexpected status code https://storage.example.net/ab9b?…: 403 Forbidden"
    );
    assert_eq!(symptom.host.as_deref(), Some("storage.example.net"));
    let text = "Get \"https://storage.example.net/ab9b?X-Signature=hunter2\": dial tcp 192.0.2.7:443: i/o timeout";
    assert!(!pulled(text).fragment.contains("hunter2"));
}

#[test]
fn a_long_text_is_cut_around_what_it_says() {
    let text = format!(
        "reading {}: dial tcp 192.0.2.7:443: connect: connection refused, {}",
        "a b ".repeat(500),
        "c d ".repeat(500)
    );
    let fragment = pulled(&text).fragment;
    assert!(
        fragment.starts_with('…') && fragment.ends_with('…'),
        "{fragment}"
    );
    assert!(fragment.contains("connection refused"), "{fragment}");
}
