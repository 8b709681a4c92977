//! A registry's error codes, as containers/image prints them: `manifest unknown`, with the registry's message behind it,
//! or the message alone where it is the usual one for the code.

use super::phrase::Text;
use super::{Complaint, Told};

/// Codes and usual messages. None of them is the beginning of another.
static CODES: [(&str, Complaint); 12] = [
    ("manifest unknown", Complaint::ManifestUnknown),
    ("name unknown", Complaint::NameUnknown),
    (
        "repository name not known to registry",
        Complaint::NameUnknown,
    ),
    ("blob unknown", Complaint::BlobUnknown),
    ("denied", Complaint::Forbidden),
    (
        "requested access to the resource is denied",
        Complaint::Forbidden,
    ),
    ("unauthorized", Complaint::Unauthorized),
    ("authentication required", Complaint::Unauthorized),
    ("toomanyrequests", Complaint::RateLimited),
    ("too many requests", Complaint::RateLimited),
    (
        "you have reached your pull rate limit",
        Complaint::RateLimited,
    ),
    (
        "you have reached your unauthenticated pull rate limit",
        Complaint::RateLimited,
    ),
];

/// Errors in one answer.
const ERRORS_MAX: usize = 8;

pub(super) fn read(text: Text<'_>) -> Option<Told<'_>> {
    let answer = manifest(text).or_else(|| blob(text)).unwrap_or(text);
    let at = text.raw().len() - answer.raw().len();
    codes(answer)
        .or_else(|| {
            // `too many requests to registry`, and what docker and its shim say, are not where a code is.
            text.has("too many requests to registry")
                .then_some(Complaint::RateLimited)
        })
        .map(|complaint| Told::new(complaint, text, at))
}

/// Behind `reading manifest TAG in REPOSITORY: `.
fn manifest(text: Text<'_>) -> Option<Text<'_>> {
    text.after("reading manifest ")?.after(" in ")?.after(": ")
}

/// Behind `reading blob DIGEST: fetching blob: `.
fn blob(text: Text<'_>) -> Option<Text<'_>> {
    text.after("fetching blob: ")
}

/// The code that an answer begins with; of several, the heaviest.
fn codes(answer: Text<'_>) -> Option<Complaint> {
    let lines = answer.lower().trim_start();
    let lines = lines.strip_prefix("errors:").unwrap_or(lines);
    let mut found: Option<Complaint> = None;
    for line in lines.trim_start().lines().take(ERRORS_MAX) {
        let Some((_, complaint)) = CODES.iter().find(|(code, _)| begins_with(line, code)) else {
            break;
        };
        if found
            .as_ref()
            .is_none_or(|found| complaint.weight() > found.weight())
        {
            found = Some(complaint.clone());
        }
    }
    found
}

/// A code ends where its message begins, or the line.
fn begins_with(line: &str, code: &str) -> bool {
    line.trim()
        .strip_prefix(code)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}
