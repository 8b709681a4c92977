//! What has become of a version (`CryptoKeyVersionState`).

use super::value::KmsValueError;

/// The state of a version. The numbers are those of the API's enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionState {
    /// It does what its purpose says.
    Enabled = 1,
    /// It does nothing until it is enabled again.
    Disabled = 2,
    /// Its material is gone for good.
    Destroyed = 3,
    /// Its material goes at a time that is set; until then it can be restored.
    DestroyScheduled = 4,
}

impl VersionState {
    /// Every state.
    pub const ALL: [Self; 4] = [
        Self::Enabled,
        Self::Disabled,
        Self::Destroyed,
        Self::DestroyScheduled,
    ];

    /// `DESTROY_SCHEDULED`
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "ENABLED",
            Self::Disabled => "DISABLED",
            Self::Destroyed => "DESTROYED",
            Self::DestroyScheduled => "DESTROY_SCHEDULED",
        }
    }
}
kms_enumeration!(VersionState, "version state");
