//! The way to a token, which registries that want Bearer send a client on. Its host need not be the registry's.

use super::phrase::Text;
use super::{Complaint, CredentialSent, Told, status, transport};

/// What marks the way, and what it tells about the credential. containerd asks in one way with a credential and in another
/// without; containers/image says the same for both.
const WAYS: [(&str, CredentialSent); 8] = [
    ("failed to fetch anonymous token", CredentialSent::No),
    ("failed to fetch oauth token", CredentialSent::Yes),
    ("unable to retrieve auth token", CredentialSent::Unknown),
    ("requesting bearer token: ", CredentialSent::Unknown),
    ("decoding bearer token ", CredentialSent::Unknown),
    ("unable to decode token response", CredentialSent::Unknown),
    (
        "authorization server did not include a token in the response",
        CredentialSent::Unknown,
    ),
    ("failed to authorize: ", CredentialSent::Unknown),
];

pub(super) fn read(text: Text<'_>) -> Option<Told<'_>> {
    let (at, credential) = WAYS
        .iter()
        .find_map(|(way, credential)| Some((text.lower().find(way)?, *credential)))?;
    Some(told(text, at).with_credential(credential))
}

fn told(text: Text<'_>, at: usize) -> Told<'_> {
    let (_, way) = text.split_at(at);
    if way
        .lower()
        .starts_with("unable to retrieve auth token: invalid username/password")
    {
        return Told::new(Complaint::Unauthorized, text, at);
    }
    if way.has("too many requests to registry") {
        return Told::new(Complaint::RateLimited, text, at);
    }
    if let Some((status, place)) = status::find(way) {
        let complaint = match status {
            401 => Complaint::Unauthorized,
            403 => Complaint::Forbidden,
            429 => Complaint::RateLimited,
            status => Complaint::TokenEndpoint {
                status: Some(status),
            },
        };
        return Told::new(complaint, text, at + place);
    }
    if !way.has("invalid character ")
        && let Some(told) = transport::read(way)
    {
        return Told::new(told.complaint, text, at + told.at);
    }
    Told::new(Complaint::TokenEndpoint { status: None }, text, at)
}
