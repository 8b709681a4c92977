//! What a registry sent that is no image for the node.

use super::phrase::Text;
use super::{Complaint, Told};

static PHRASES: [(&str, Complaint); 9] = [
    ("no match for platform in manifest", Complaint::NoPlatform),
    (
        "no image found in image index for architecture ",
        Complaint::NoPlatform,
    ),
    (
        "no image found in manifest list for architecture ",
        Complaint::NoPlatform,
    ),
    (
        "manifest.v1+prettyjws\" is no longer supported",
        Complaint::SchemaOne,
    ),
    (
        "manifest.v1+json\" is no longer supported",
        Complaint::SchemaOne,
    ),
    ("schema 1 image ", Complaint::SchemaOne),
    ("unsupported schema version 1", Complaint::SchemaOne),
    ("unexpected media type text/html", Complaint::NotARegistry),
    (
        "invalid character '<' looking for beginning of value",
        Complaint::NotARegistry,
    ),
];

pub(super) fn read(text: Text<'_>) -> Option<Told<'_>> {
    text.first_of(&PHRASES)
}
