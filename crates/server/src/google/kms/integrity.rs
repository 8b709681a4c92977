//! Checksums: what came is compared with them, and what goes carries them.

use wharf_types::kms::Crc32c;

use super::super::refusal::Refusal;

/// Whether a checksum came with these bytes; one that does not match them is refused, in the words that gcloud looks for.
pub(super) fn verify(field: &str, bytes: &[u8], crc32c: Option<Crc32c>) -> Result<bool, Refusal> {
    match crc32c {
        None => Ok(false),
        Some(crc32c) if crc32c == Crc32c::of(bytes) => Ok(true),
        Some(_) => Err(Refusal::field(
            format!("{field}_crc32c"),
            format!(
                "The checksum in field {field}_crc32c did not match the data in field {field}."
            ),
        )),
    }
}
