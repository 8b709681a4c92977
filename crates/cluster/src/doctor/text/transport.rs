//! TLS, names and connections. The words are those of Go's library, the same in every runtime.

use super::phrase::Text;
use super::{Complaint, Told, url};

static TLS: [(&str, Complaint); 13] = [
    (
        "x509: certificate signed by unknown authority",
        Complaint::UnknownAuthority,
    ),
    ("x509: certificate is valid for ", Complaint::WrongName),
    (
        "x509: certificate is not valid for any names",
        Complaint::WrongName,
    ),
    (
        "x509: certificate relies on legacy common name field",
        Complaint::WrongName,
    ),
    (
        "x509: cannot validate certificate for ",
        Complaint::WrongName,
    ),
    (
        "x509: certificate has expired or is not yet valid",
        Complaint::CertificateTime,
    ),
    ("x509: ", Complaint::UnknownAuthority),
    (
        "server gave http response to https client",
        Complaint::PlainHttp,
    ),
    (
        "first record does not look like a tls handshake",
        Complaint::PlainHttp,
    ),
    (
        "malformed http response \"\\x15\\x03",
        Complaint::TlsExpected,
    ),
    (
        "client sent an http request to an https server",
        Complaint::TlsExpected,
    ),
    (
        "malformed http version \"\\x15\\x03",
        Complaint::TlsExpected,
    ),
    (
        "malformed http status code \"\\x15\\x03",
        Complaint::TlsExpected,
    ),
];
static CONNECTION: [(&str, Complaint); 14] = [
    ("connection refused", Complaint::Refused),
    ("no route to host", Complaint::Unreachable),
    ("network is unreachable", Complaint::Unreachable),
    ("host is down", Complaint::Unreachable),
    ("i/o timeout", Complaint::Unreachable),
    ("tls handshake timeout", Complaint::Unreachable),
    ("connection timed out", Complaint::Unreachable),
    ("timeout awaiting response headers", Complaint::Unreachable),
    ("client.timeout ", Complaint::Unreachable),
    ("context deadline exceeded", Complaint::Unreachable),
    ("broken pipe", Complaint::Unreachable),
    ("\": unexpected eof", Complaint::Unreachable),
    ("\": eof", Complaint::Unreachable),
    ("http2: client connection lost", Complaint::Unreachable),
];
static STOPPED: [(&str, Complaint); 3] = [
    ("context canceled", Complaint::Cancelled),
    ("error reading from server: eof", Complaint::Cancelled),
    ("transport is closing", Complaint::Cancelled),
];
const LOOKUP: &str = ": lookup ";
const RESET: &str = "connection reset by peer";

pub(super) fn read(text: Text<'_>) -> Option<Told<'_>> {
    text.first_of(&TLS)
        .or_else(|| name(text))
        .or_else(|| reset(text))
        .or_else(|| text.first_of(&CONNECTION))
        .or_else(|| text.first_of(&STOPPED))
}

/// `dial tcp: lookup HOST on SERVER: …`: whatever went wrong, it was with the name. The server that was asked may have
/// refused the connection.
fn name(text: Text<'_>) -> Option<Told<'_>> {
    let at = text.lower().find(LOOKUP)?;
    let (_, name) = text.split_at(at + LOOKUP.len());
    let name = url::authority(name.raw()).map(|name| name.trim_end_matches('.').to_owned());
    Some(Told::new(Complaint::Dns { name }, text, at))
}

/// Servers that speak TLS cut off whoever does not.
fn reset(text: Text<'_>) -> Option<Told<'_>> {
    let at = text.lower().find(RESET)?;
    let complaint = match url::requested(text, at) {
        Some(url) if url.starts_with("http://") => Complaint::TlsExpected,
        _ => Complaint::Unreachable,
    };
    Some(Told::new(complaint, text, at))
}
