//! Refusals and absences, in containerd's words (and docker's, whose code it was).

use super::phrase::Text;
use super::{Complaint, CredentialSent, Told};

pub(super) fn read(text: Text<'_>) -> Option<Told<'_>> {
    static PHRASES: [(&str, Complaint, CredentialSent); 9] = [
        (
            "no basic auth credentials",
            Complaint::Unauthorized,
            CredentialSent::No,
        ),
        (
            "server message: insufficient_scope",
            Complaint::Forbidden,
            CredentialSent::Unknown,
        ),
        (
            "requested access to the resource is denied",
            Complaint::Forbidden,
            CredentialSent::Unknown,
        ),
        (
            "pull access denied",
            Complaint::Unauthorized,
            CredentialSent::Unknown,
        ),
        (
            "authorization failed",
            Complaint::Unauthorized,
            CredentialSent::Unknown,
        ),
        (
            "unauthorized: ",
            Complaint::Unauthorized,
            CredentialSent::Unknown,
        ),
        (
            "invalid auth config",
            Complaint::Unauthorized,
            CredentialSent::Unknown,
        ),
        (
            "toomanyrequests: ",
            Complaint::RateLimited,
            CredentialSent::Unknown,
        ),
        (
            ": manifest unknown",
            Complaint::ManifestUnknown,
            CredentialSent::Unknown,
        ),
    ];
    PHRASES.iter().find_map(|(phrase, complaint, credential)| {
        let at = text.lower().find(phrase)?;
        Some(Told::new(complaint.clone(), text, at).with_credential(*credential))
    })
}

/// `not found`, behind everything else that ends with it.
pub(super) fn read_absence(text: Text<'_>) -> Option<Told<'_>> {
    let before = text.strip_suffix(": not found")?;
    let is_of_a_blob = before.has("could not fetch content descriptor ") || before.has("/blobs/");
    let complaint = if is_of_a_blob {
        Complaint::BlobUnknown
    } else {
        Complaint::NotFound
    };
    Some(Told::new(complaint, text, before.raw().len()))
}
