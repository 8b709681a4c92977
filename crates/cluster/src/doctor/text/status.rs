//! HTTP statuses, wherever a runtime says that it got one.

use super::phrase::Text;
use super::{Complaint, Told};

/// What comes before a status, or before the URL that it is for.
const MARKS: [&str; 8] = [
    "unexpected status",
    "failed with status code ",
    "invalid status code from registry ",
    "received unexpected http status: ",
    "unexpected http code: ",
    "error parsing http ",
    "statuscode: ",
    "status code: ",
];
/// Bytes behind a mark that a status may be in: a URL is between them.
const REACH: usize = 8 * 1024;

pub(super) fn read(text: Text<'_>) -> Option<Told<'_>> {
    let (status, at) = find(text)?;
    let before = text.split_at(at).0;
    let complaint = match status {
        400 if is_tls_at_a_plain_request(text, before) => Complaint::TlsExpected,
        401 => Complaint::Unauthorized,
        403 => Complaint::Forbidden,
        404 if before.has("pinging container registry ") => Complaint::NotARegistry,
        404 if before.has("/blobs/") || before.has("fetching blob: ") => Complaint::BlobUnknown,
        404 => Complaint::NotFound,
        429 => Complaint::RateLimited,
        500..600 => Complaint::ServerError {
            status: Some(status),
        },
        status => Complaint::Status(status),
    };
    Some(Told::new(complaint, text, at))
}

/// A server that speaks TLS answers 400 to a request without, save that a registry's 400 comes with an error of its own.
fn is_tls_at_a_plain_request(text: Text<'_>, before: Text<'_>) -> bool {
    text.has("client sent an http request to an https server")
        || before.has(" request to http://") && !text.has("400 bad request\n")
}

/// The first status of a text, and where it is.
pub(super) fn find(text: Text<'_>) -> Option<(u16, usize)> {
    let lower = text.lower();
    let mark = MARKS
        .iter()
        .filter_map(|mark| Some((lower.find(mark)?, mark.len())))
        .min()?;
    let from = mark.0 + mark.1;
    let tail = lower.get(from..)?;
    tail.bytes().take(REACH).enumerate().find_map(|(at, _)| {
        let status = number(tail.get(at..at + 3)?)?;
        let before = tail.get(..at)?.bytes().next_back();
        let after = tail.get(at + 3..)?.bytes().next();
        let starts = matches!(before, None | Some(b' '));
        let ends = matches!(
            after,
            None | Some(b' ' | b',' | b'\n' | b':' | b';' | b'"' | b')')
        );
        (starts && ends).then_some((status, from + at))
    })
}

fn number(digits: &str) -> Option<u16> {
    let status = digits
        .bytes()
        .all(|digit| digit.is_ascii_digit())
        .then(|| digits.parse().ok())??;
    (100..600).contains(&status).then_some(status)
}
