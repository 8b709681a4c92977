//! Google's own command line against the registry: each command as people type it, and what it prints.
#![expect(clippy::unwrap_used, reason = "tests")]

mod kms;
mod login;
mod tokens;

/// The text is a part of what a program said.
#[track_caller]
fn says(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in:\n{text}");
}
