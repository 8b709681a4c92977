//! Manifests: one that is read is of one kind, holds each thing once, and stays what it is when its type is told again.
//!
//! The first line of an input is the `Content-Type`; an empty one is none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_app::registry::fuzzing::manifest;
use wharf_types::limits;
use wharf_types::media::ManifestKind;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let Ok(content_type) = std::str::from_utf8(&input[..end]) else {
        return;
    };
    let content = &input[(end + 1).min(input.len())..];
    let content_type = Some(content_type).filter(|text| !text.is_empty());
    let Some(held) = manifest(content, content_type) else {
        return;
    };
    match ManifestKind::of(&held.media_type) {
        Ok(ManifestKind::Image) => assert!(held.entries.is_empty() && !held.blobs.is_empty()),
        Ok(ManifestKind::Index) => assert!(held.blobs.is_empty()),
        Err(error) => panic!("stored as what is not stored: {error}"),
    }
    assert!(held.blobs.len() + held.entries.len() <= limits::MANIFEST_ENTRIES_MAX);
    for list in [&held.blobs, &held.entries] {
        assert!(list.is_sorted_by(|one, next| one < next), "each once");
    }
    let again = manifest(content, Some(&held.media_type)).expect("it was read before");
    assert_eq!((again.blobs, again.entries), (held.blobs, held.entries));
});
