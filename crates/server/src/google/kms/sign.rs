//! Signatures, tags, and what a private key decrypts.

use wharf_app::kms::sign::ToSign;
use wharf_types::kms::Crc32c;
use wharf_types::wire::kms as wire;
use wharf_types::wire::proto::Base64;

use super::super::call::{Answer, Call};
use super::super::refusal::Refusal;
use super::integrity::verify;
use super::{VersionPath, version};

/// `GET …/cryptoKeyVersions/N/publicKey`
pub(in super::super) async fn public_key(call: &Call, path: VersionPath<'_>) -> Answer {
    let name = version(call, path).await?;
    let public_key = call.app.get_public_key(&call.caller, &name).await?;
    call.answer(&wire::PublicKey {
        pem_crc32c: Crc32c::of(public_key.pem.as_bytes()),
        pem: public_key.pem,
        algorithm: public_key.algorithm,
        name: name.to_string(),
        protection_level: wire::ProtectionLevel::Software,
    })
}

/// `POST …/cryptoKeyVersions/N:asymmetricSign`
pub(in super::super) async fn asymmetric_sign(call: &Call, path: VersionPath<'_>) -> Answer {
    let request: wire::AsymmetricSignRequest = call.body()?;
    let digest = request.digest.and_then(|digest| {
        let wire::Digest {
            sha256,
            sha384,
            sha512,
        } = digest;
        sha256.or(sha384).or(sha512)
    });
    let (to_sign, verified_digest_crc32c, verified_data_crc32c) = match (&digest, &request.data) {
        (Some(digest), None) => {
            let verified = verify("digest", &digest.0, request.digest_crc32c)?;
            (ToSign::Digest(&digest.0), verified, false)
        }
        (None, Some(data)) => {
            let verified = verify("data", &data.0, request.data_crc32c)?;
            (ToSign::Data(&data.0), false, verified)
        }
        _ => {
            return Err(Refusal::field(
                "digest",
                "send the digest of what is to be signed, or the data itself, and not both",
            ));
        }
    };
    let name = version(call, path).await?;
    let signature = call
        .app
        .asymmetric_sign(&call.caller, &name, to_sign)
        .await?;
    call.answer(&wire::AsymmetricSignResponse {
        signature_crc32c: Crc32c::of(&signature),
        signature: Base64::from(signature.as_slice()),
        verified_digest_crc32c,
        verified_data_crc32c,
        name: name.to_string(),
        protection_level: wire::ProtectionLevel::Software,
    })
}

/// `POST …/cryptoKeyVersions/N:asymmetricDecrypt`
pub(in super::super) async fn asymmetric_decrypt(call: &Call, path: VersionPath<'_>) -> Answer {
    let request: wire::AsymmetricDecryptRequest = call.body()?;
    let ciphertext = &request.ciphertext.0;
    let verified_ciphertext_crc32c = verify("ciphertext", ciphertext, request.ciphertext_crc32c)?;
    let name = version(call, path).await?;
    let plaintext = call
        .app
        .asymmetric_decrypt(&call.caller, &name, ciphertext)
        .await?;
    call.answer(&wire::AsymmetricDecryptResponse {
        plaintext_crc32c: Crc32c::of(&plaintext),
        plaintext: Base64(plaintext),
        verified_ciphertext_crc32c,
        protection_level: wire::ProtectionLevel::Software,
    })
}

/// `POST …/cryptoKeyVersions/N:macSign`
pub(in super::super) async fn mac_sign(call: &Call, path: VersionPath<'_>) -> Answer {
    let request: wire::MacSignRequest = call.body()?;
    let verified_data_crc32c = verify("data", &request.data.0, request.data_crc32c)?;
    let name = version(call, path).await?;
    let mac = call
        .app
        .mac_sign(&call.caller, &name, &request.data.0)
        .await?;
    call.answer(&wire::MacSignResponse {
        name: name.to_string(),
        mac_crc32c: Crc32c::of(&mac),
        mac: Base64::from(mac.as_slice()),
        verified_data_crc32c,
        protection_level: wire::ProtectionLevel::Software,
    })
}

/// `POST …/cryptoKeyVersions/N:macVerify`
pub(in super::super) async fn mac_verify(call: &Call, path: VersionPath<'_>) -> Answer {
    let request: wire::MacVerifyRequest = call.body()?;
    let verified_data_crc32c = verify("data", &request.data.0, request.data_crc32c)?;
    let verified_mac_crc32c = verify("mac", &request.mac.0, request.mac_crc32c)?;
    let name = version(call, path).await?;
    let success = call
        .app
        .mac_verify(&call.caller, &name, &request.data.0, &request.mac.0)
        .await?;
    call.answer(&wire::MacVerifyResponse {
        name: name.to_string(),
        success,
        verified_data_crc32c,
        verified_mac_crc32c,
        verified_success_integrity: success,
        protection_level: wire::ProtectionLevel::Software,
    })
}
