//! Cloud KMS v1.

pub(super) mod cipher;
pub(super) mod crypto_keys;
mod integrity;
pub(super) mod key_rings;
pub(super) mod locations;
pub(super) mod sign;
pub(super) mod versions;

use wharf_types::kms::{CryptoKeyName, CryptoKeyVersionName, KeyRingName};
use wharf_types::wire::kms::ProtectionLevel;

use super::call::Call;
use super::refusal::Refusal;

/// The key ring that a path names.
pub(super) async fn key_ring(
    call: &Call,
    project: &str,
    location: &str,
    ring: &str,
) -> Result<KeyRingName, Refusal> {
    let project = call.project(project).await?;
    KeyRingName::new(&project, location, ring).map_err(|error| Refusal::field("name", error))
}

/// Project, location, key ring and key of a path.
pub(super) type KeyPath<'a> = [&'a str; 4];

/// Project, location, key ring, key and number of a path.
pub(super) type VersionPath<'a> = [&'a str; 5];

/// The key that a path names.
pub(super) async fn crypto_key(
    call: &Call,
    [project, location, ring, key]: KeyPath<'_>,
) -> Result<CryptoKeyName, Refusal> {
    let ring = key_ring(call, project, location, ring).await?;
    CryptoKeyName::new(&ring, key).map_err(|error| Refusal::field("name", error))
}

/// The version that a path names.
async fn version(
    call: &Call,
    [project, location, ring, key, number]: VersionPath<'_>,
) -> Result<CryptoKeyVersionName, Refusal> {
    let key = crypto_key(call, [project, location, ring, key]).await?;
    let number = CryptoKeyVersionName::parse_number(number);
    Ok(key.version(number.map_err(|error| Refusal::field("name", error))?))
}

/// Refuses what this registry has not: it keeps keys itself.
fn check_protection_level(level: Option<ProtectionLevel>) -> Result<(), Refusal> {
    match level {
        None | Some(ProtectionLevel::Software) => Ok(()),
        Some(level) => Err(Refusal::field(
            "versionTemplate.protectionLevel",
            format!(
                "{} is not offered: this registry keeps keys itself, which is SOFTWARE",
                level.as_str()
            ),
        )),
    }
}
