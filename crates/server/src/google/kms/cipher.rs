//! Encrypt and decrypt.

use wharf_app::kms::cipher::Encrypter;
use wharf_types::kms::Crc32c;
use wharf_types::wire::kms as wire;
use wharf_types::wire::proto::Base64;

use super::super::call::{Answer, Call};
use super::integrity::verify;
use super::{KeyPath, VersionPath, crypto_key, version};

/// `POST …/cryptoKeys/K:encrypt`
pub(in super::super) async fn encrypt(call: &Call, path: KeyPath<'_>) -> Answer {
    let key = crypto_key(call, path).await?;
    encrypt_with(call, Encrypter::Primary(key)).await
}

/// `POST …/cryptoKeyVersions/N:encrypt`
pub(in super::super) async fn encrypt_with_version(call: &Call, path: VersionPath<'_>) -> Answer {
    let version = version(call, path).await?;
    encrypt_with(call, Encrypter::Version(version)).await
}

async fn encrypt_with(call: &Call, encrypter: Encrypter) -> Answer {
    let request: wire::EncryptRequest = call.body()?;
    let plaintext = &request.plaintext.0;
    let data = request.additional_authenticated_data.unwrap_or_default().0;
    let verified_plaintext_crc32c = verify("plaintext", plaintext, request.plaintext_crc32c)?;
    let verified_additional_authenticated_data_crc32c = verify(
        "additional_authenticated_data",
        &data,
        request.additional_authenticated_data_crc32c,
    )?;
    let encrypted = call
        .app
        .encrypt(&call.caller, &encrypter, plaintext, &data)
        .await?;
    call.answer(&wire::EncryptResponse {
        name: encrypted.version.to_string(),
        ciphertext_crc32c: Crc32c::of(&encrypted.ciphertext),
        ciphertext: Base64::from(encrypted.ciphertext.as_slice()),
        verified_plaintext_crc32c,
        verified_additional_authenticated_data_crc32c,
        protection_level: wire::ProtectionLevel::Software,
    })
}

/// `POST …/cryptoKeys/K:decrypt`
pub(in super::super) async fn decrypt(call: &Call, path: KeyPath<'_>) -> Answer {
    let request: wire::DecryptRequest = call.body()?;
    let ciphertext = &request.ciphertext.0;
    let data = request.additional_authenticated_data.unwrap_or_default().0;
    verify("ciphertext", ciphertext, request.ciphertext_crc32c)?;
    verify(
        "additional_authenticated_data",
        &data,
        request.additional_authenticated_data_crc32c,
    )?;
    let key = crypto_key(call, path).await?;
    let decrypted = call
        .app
        .decrypt(&call.caller, &key, ciphertext, &data)
        .await?;
    call.answer(&wire::DecryptResponse {
        plaintext_crc32c: Crc32c::of(&decrypted.plaintext),
        plaintext: Base64(decrypted.plaintext),
        used_primary: decrypted.used_primary,
        protection_level: wire::ProtectionLevel::Software,
    })
}
