//! Keys (`projects.locations.keyRings.cryptoKeys`).

use wharf_app::kms::crypto_keys::{CryptoKeyChange, KeyAndPrimary, NewCryptoKey};
use wharf_types::kms::{CryptoKeyName, CryptoKeyVersionName};
use wharf_types::wire::kms as wire;

use super::super::call::{Answer, Call};
use super::super::page::Page;
use super::super::query::Mask;
use super::super::refusal::Refusal;
use super::{KeyPath, check_protection_level, crypto_key, key_ring, versions};

/// What of a key can be changed.
const CHANGEABLE: [&str; 6] = [
    "labels",
    "rotationPeriod",
    "nextRotationTime",
    "versionTemplate",
    "versionTemplate.algorithm",
    "versionTemplate.protectionLevel",
];

/// `GET projects/P/locations/L/keyRings/R/cryptoKeys`
pub(in super::super) async fn list(
    call: &Call,
    project: &str,
    location: &str,
    ring: &str,
) -> Answer {
    let page = Page::of(&call.query)?;
    let ring = key_ring(call, project, location, ring).await?;
    let after = page.after(|id| CryptoKeyName::new(&ring, id))?;
    let mut keys = call
        .app
        .list_crypto_keys(&call.caller, &ring, after.as_ref(), page.size + 1)
        .await?;
    let next_page_token = page.cut(&mut keys, |key| key.key.name.id().to_owned());
    call.answer(&wire::ListCryptoKeysResponse {
        crypto_keys: keys.into_iter().map(shown).collect(),
        next_page_token,
    })
}

/// `POST projects/P/locations/L/keyRings/R/cryptoKeys?cryptoKeyId=K`
pub(in super::super) async fn create(
    call: &Call,
    project: &str,
    location: &str,
    ring: &str,
) -> Answer {
    let request: wire::CryptoKey = call.body()?;
    let ring = key_ring(call, project, location, ring).await?;
    let id = call.query.get("cryptoKeyId").unwrap_or_default();
    let name =
        CryptoKeyName::new(&ring, id).map_err(|error| Refusal::field("cryptoKeyId", error))?;
    let purpose = request.purpose.ok_or_else(|| {
        Refusal::field(
            "cryptoKey.purpose",
            "must be there: ENCRYPT_DECRYPT, ASYMMETRIC_SIGN, ASYMMETRIC_DECRYPT or MAC",
        )
    })?;
    if request.import_only {
        return Err(Refusal::field(
            "cryptoKey.importOnly",
            "keys are made here, and not imported: leave it out",
        ));
    }
    let template = request.version_template.unwrap_or_default();
    check_protection_level(template.protection_level)?;
    let content = NewCryptoKey {
        purpose,
        algorithm: template.algorithm,
        labels: request.labels.unwrap_or_default(),
        rotation_period: request.rotation_period,
        next_rotation_at: request.next_rotation_time,
        destroy_delay: request.destroy_scheduled_duration,
        skip_initial_version: call.query.is_set("skipInitialVersionCreation")?,
    };
    let key = call
        .app
        .create_crypto_key(&call.caller, &name, content)
        .await?;
    call.answer(&shown(key))
}

/// `GET projects/P/locations/L/keyRings/R/cryptoKeys/K`
pub(in super::super) async fn get(call: &Call, path: KeyPath<'_>) -> Answer {
    let name = crypto_key(call, path).await?;
    let key = call.app.get_crypto_key(&call.caller, &name).await?;
    call.answer(&shown(key))
}

/// `PATCH projects/P/locations/L/keyRings/R/cryptoKeys/K`. A field that the mask has and the body has not is taken away.
pub(in super::super) async fn patch(call: &Call, path: KeyPath<'_>) -> Answer {
    let request: wire::CryptoKey = call.body()?;
    let text = call.query.get("updateMask").ok_or_else(|| {
        Refusal::field(
            "updateMask",
            format!("must name what changes: {}", CHANGEABLE.join(", ")),
        )
    })?;
    let mask = Mask::parse(Some(text), &CHANGEABLE)?;
    let name = crypto_key(call, path).await?;
    let template = request.version_template.unwrap_or_default();
    check_protection_level(template.protection_level)?;
    let has_algorithm = mask.has("versionTemplate") || mask.has("versionTemplate.algorithm");
    let change = CryptoKeyChange {
        labels: mask.pick("labels", request.labels),
        rotation_period: mask
            .has("rotationPeriod")
            .then_some(request.rotation_period),
        next_rotation_at: mask
            .has("nextRotationTime")
            .then_some(request.next_rotation_time),
        algorithm: template.algorithm.filter(|_| has_algorithm),
    };
    let key = call
        .app
        .update_crypto_key(&call.caller, &name, change)
        .await?;
    call.answer(&shown(key))
}

/// `POST projects/P/locations/L/keyRings/R/cryptoKeys/K:updatePrimaryVersion`
pub(in super::super) async fn update_primary_version(call: &Call, path: KeyPath<'_>) -> Answer {
    let request: wire::UpdatePrimaryVersionRequest = call.body()?;
    let name = crypto_key(call, path).await?;
    let number = CryptoKeyVersionName::parse_number(&request.crypto_key_version_id)
        .map_err(|error| Refusal::field("cryptoKeyVersionId", error))?;
    let key = call
        .app
        .update_primary_version(&call.caller, &name, number)
        .await?;
    call.answer(&shown(key))
}

fn shown(shown: KeyAndPrimary) -> wire::CryptoKey {
    let KeyAndPrimary { key, primary } = shown;
    wire::CryptoKey {
        name: key.name.to_string(),
        primary: primary.as_ref().map(versions::shown),
        purpose: Some(key.purpose),
        create_time: Some(key.created_at),
        next_rotation_time: key.next_rotation_at,
        rotation_period: key.rotation_period,
        version_template: Some(wire::CryptoKeyVersionTemplate {
            protection_level: Some(wire::ProtectionLevel::Software),
            algorithm: Some(key.algorithm),
        }),
        labels: Some(key.labels).filter(|labels| !labels.is_empty()),
        import_only: false,
        destroy_scheduled_duration: Some(key.destroy_delay),
    }
}
