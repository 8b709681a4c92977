//! Texts for people, as callers give them.

use wharf_types::error::OciCode;

use crate::Error;

/// Checks the length of a text, and that a terminal can show it.
pub(super) fn check(field: &str, text: &str, length_max: usize) -> Result<(), Error> {
    if text.chars().count() > length_max {
        return Err(Error::invalid(
            OciCode::NameInvalid,
            format!("{field} is longer than {length_max} characters"),
        ));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(Error::invalid(
            OciCode::NameInvalid,
            format!("{field} has control characters"),
        ));
    }
    Ok(())
}
