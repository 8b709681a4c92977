//! The audit log.

use std::path::Path;

use crate::Error;

/// The audit log.
pub struct Log;

impl Log {
    pub(crate) fn open(data: &Path) -> Result<Self, Error> {
        let _ = data;
        Ok(Self)
    }
}
