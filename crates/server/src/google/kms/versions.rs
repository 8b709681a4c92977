//! Versions of keys (`projects.locations.keyRings.cryptoKeys.cryptoKeyVersions`).

use wharf_app::kms::versions::CryptoKeyVersion;
use wharf_types::kms::{CryptoKeyVersionName, VersionState};
use wharf_types::wire::kms as wire;

use super::super::call::{Answer, Call};
use super::super::page::Page;
use super::super::query::Mask;
use super::super::refusal::Refusal;
use super::{KeyPath, VersionPath, crypto_key, version};

/// `GET …/cryptoKeys/K/cryptoKeyVersions`
pub(in super::super) async fn list(call: &Call, path: KeyPath<'_>) -> Answer {
    let page = Page::of(&call.query)?;
    let after = page.after(CryptoKeyVersionName::parse_number)?;
    let key = crypto_key(call, path).await?;
    let mut versions = call
        .app
        .list_crypto_key_versions(&call.caller, &key, after.unwrap_or(0), page.size + 1)
        .await?;
    let next_page_token = page.cut(&mut versions, |version| version.name.number.to_string());
    call.answer(&wire::ListCryptoKeyVersionsResponse {
        crypto_key_versions: versions.iter().map(shown).collect(),
        next_page_token,
    })
}

/// `POST …/cryptoKeys/K/cryptoKeyVersions`
pub(in super::super) async fn create(call: &Call, path: KeyPath<'_>) -> Answer {
    let _: wire::CryptoKeyVersion = call.body()?;
    let key = crypto_key(call, path).await?;
    let version = call
        .app
        .create_crypto_key_version(&call.caller, &key)
        .await?;
    call.answer(&shown(&version))
}

/// `GET …/cryptoKeyVersions/N`
pub(in super::super) async fn get(call: &Call, path: VersionPath<'_>) -> Answer {
    let name = version(call, path).await?;
    let version = call.app.get_crypto_key_version(&call.caller, &name).await?;
    call.answer(&shown(&version))
}

/// `PATCH …/cryptoKeyVersions/N?updateMask=state`
pub(in super::super) async fn patch(call: &Call, path: VersionPath<'_>) -> Answer {
    let request: wire::CryptoKeyVersion = call.body()?;
    Mask::parse(call.query.get("updateMask"), &["state"])?;
    let is_enabled = match request.state {
        Some(VersionState::Enabled) => true,
        Some(VersionState::Disabled) => false,
        _ => {
            return Err(Refusal::field(
                "cryptoKeyVersion.state",
                "must be ENABLED or DISABLED; destroy and restore are methods of their own",
            ));
        }
    };
    let name = version(call, path).await?;
    let version = call
        .app
        .set_version_enabled(&call.caller, &name, is_enabled)
        .await?;
    call.answer(&shown(&version))
}

/// `POST …/cryptoKeyVersions/N:destroy`
pub(in super::super) async fn destroy(call: &Call, path: VersionPath<'_>) -> Answer {
    let name = version(call, path).await?;
    let version = call
        .app
        .destroy_crypto_key_version(&call.caller, &name)
        .await?;
    call.answer(&shown(&version))
}

/// `POST …/cryptoKeyVersions/N:restore`
pub(in super::super) async fn restore(call: &Call, path: VersionPath<'_>) -> Answer {
    let name = version(call, path).await?;
    let version = call
        .app
        .restore_crypto_key_version(&call.caller, &name)
        .await?;
    call.answer(&shown(&version))
}

pub(super) fn shown(version: &CryptoKeyVersion) -> wire::CryptoKeyVersion {
    wire::CryptoKeyVersion {
        name: version.name.to_string(),
        state: Some(version.state),
        protection_level: Some(wire::ProtectionLevel::Software),
        algorithm: Some(version.algorithm),
        create_time: Some(version.created_at),
        generate_time: Some(version.created_at),
        destroy_time: version.destroy_at,
        destroy_event_time: version.destroyed_at,
    }
}
