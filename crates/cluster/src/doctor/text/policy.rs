//! What the node's configuration forbids: signatures, verifiers, blocked registries, short names.

use super::phrase::Text;
use super::{Complaint, Told};

static PHRASES: [(&str, Complaint); 9] = [
    ("signaturevalidationfailed: ", Complaint::SignatureRejected),
    (
        " because the signature validation failed",
        Complaint::SignatureRejected,
    ),
    ("source image rejected: ", Complaint::SignatureRejected),
    (
        "a signature was required, but no signature exists",
        Complaint::SignatureRejected,
    ),
    (" blocked pull of ", Complaint::SignatureRejected),
    (" is blocked in ", Complaint::RegistryBlocked),
    ("short name mode is enforcing", Complaint::RegistryBlocked),
    ("short-name resolution enforced", Complaint::RegistryBlocked),
    (
        " did not resolve to an alias and no unqualified-search registries are defined",
        Complaint::RegistryBlocked,
    ),
];

pub(super) fn read(text: Text<'_>) -> Option<Told<'_>> {
    text.first_of(&PHRASES)
}
