//! Cloud KMS v1 (`google.cloud.kms.v1`).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::proto::{Base64, DurationText, proto_enum};
use crate::kms::{Algorithm, Crc32c, Purpose, VersionState};

proto_enum! {
    /// Where the secrets of versions are kept and used.
    ProtectionLevel {
        /// In this registry.
        Software = 1 "SOFTWARE",
        /// In a hardware security module.
        Hsm = 2 "HSM",
        /// At another key manager.
        External = 3 "EXTERNAL",
        /// At another key manager, through a private network.
        ExternalVpc = 4 "EXTERNAL_VPC",
    }
}

/// A key ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyRing {
    /// `projects/P/locations/L/keyRings/R`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// When it was created.
    #[serde(alias = "create_time", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
}

/// `GET projects/P/locations/L/keyRings`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListKeyRingsResponse {
    /// In order of name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_rings: Vec<KeyRing>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// What new versions of a key are made as.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CryptoKeyVersionTemplate {
    /// Where their secrets are kept.
    #[serde(alias = "protection_level", skip_serializing_if = "Option::is_none")]
    pub protection_level: Option<ProtectionLevel>,
    /// How they do what the key is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Algorithm>,
}

/// A key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CryptoKey {
    /// `projects/P/locations/L/keyRings/R/cryptoKeys/K`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The version that encrypts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<CryptoKeyVersion>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// When it was created.
    #[serde(alias = "create_time", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// When the next version becomes the primary one.
    #[serde(alias = "next_rotation_time", skip_serializing_if = "Option::is_none")]
    pub next_rotation_time: Option<Timestamp>,
    /// How long a version stays the primary one.
    #[schemars(with = "Option<DurationText>")]
    #[serde(
        alias = "rotation_period",
        with = "super::proto::duration",
        skip_serializing_if = "Option::is_none"
    )]
    pub rotation_period: Option<Duration>,
    /// What new versions are made as.
    #[serde(alias = "version_template", skip_serializing_if = "Option::is_none")]
    pub version_template: Option<CryptoKeyVersionTemplate>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Whether it has imported versions only.
    #[serde(alias = "import_only", skip_serializing_if = "std::ops::Not::not")]
    pub import_only: bool,
    /// From the request of a destruction to the destruction.
    #[schemars(with = "Option<DurationText>")]
    #[serde(
        alias = "destroy_scheduled_duration",
        with = "super::proto::duration",
        skip_serializing_if = "Option::is_none"
    )]
    pub destroy_scheduled_duration: Option<Duration>,
}

/// `GET projects/P/locations/L/keyRings/R/cryptoKeys`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListCryptoKeysResponse {
    /// In order of name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crypto_keys: Vec<CryptoKey>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// A version of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CryptoKeyVersion {
    /// `projects/P/…/cryptoKeys/K/cryptoKeyVersions/N`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What has become of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<VersionState>,
    /// Where its secret is kept.
    #[serde(alias = "protection_level", skip_serializing_if = "Option::is_none")]
    pub protection_level: Option<ProtectionLevel>,
    /// How it does what its key is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Algorithm>,
    /// When it was created.
    #[serde(alias = "create_time", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// When its secret was made.
    #[serde(alias = "generate_time", skip_serializing_if = "Option::is_none")]
    pub generate_time: Option<Timestamp>,
    /// When its secret will be destroyed.
    #[serde(alias = "destroy_time", skip_serializing_if = "Option::is_none")]
    pub destroy_time: Option<Timestamp>,
    /// When its secret was destroyed.
    #[serde(alias = "destroy_event_time", skip_serializing_if = "Option::is_none")]
    pub destroy_event_time: Option<Timestamp>,
}

/// `GET projects/P/…/cryptoKeys/K/cryptoKeyVersions`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListCryptoKeyVersionsResponse {
    /// In order of number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crypto_key_versions: Vec<CryptoKeyVersion>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// `POST …/cryptoKeys/K:updatePrimaryVersion`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdatePrimaryVersionRequest {
    /// The number of the version.
    #[serde(alias = "crypto_key_version_id")]
    pub crypto_key_version_id: String,
}

/// `POST …/cryptoKeys/K:encrypt`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EncryptRequest {
    /// What is encrypted.
    pub plaintext: Base64,
    /// What whoever decrypts must have too.
    #[serde(
        alias = "additional_authenticated_data",
        skip_serializing_if = "Option::is_none"
    )]
    pub additional_authenticated_data: Option<Base64>,
    /// That of `plaintext`.
    #[serde(alias = "plaintext_crc32c", skip_serializing_if = "Option::is_none")]
    pub plaintext_crc32c: Option<Crc32c>,
    /// That of `additional_authenticated_data`.
    #[serde(
        alias = "additional_authenticated_data_crc32c",
        skip_serializing_if = "Option::is_none"
    )]
    pub additional_authenticated_data_crc32c: Option<Crc32c>,
}

/// What [`EncryptRequest`] is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EncryptResponse {
    /// The version that encrypted it.
    pub name: String,
    /// What it was encrypted to.
    pub ciphertext: Base64,
    /// That of `ciphertext`.
    pub ciphertext_crc32c: Crc32c,
    /// A checksum of the plaintext came, and is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified_plaintext_crc32c: bool,
    /// A checksum of the other data came, and is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified_additional_authenticated_data_crc32c: bool,
    /// Where it was done.
    pub protection_level: ProtectionLevel,
}

/// `POST …/cryptoKeys/K:decrypt`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DecryptRequest {
    /// What an encryption answered.
    pub ciphertext: Base64,
    /// What was given to the encryption.
    #[serde(
        alias = "additional_authenticated_data",
        skip_serializing_if = "Option::is_none"
    )]
    pub additional_authenticated_data: Option<Base64>,
    /// That of `ciphertext`.
    #[serde(alias = "ciphertext_crc32c", skip_serializing_if = "Option::is_none")]
    pub ciphertext_crc32c: Option<Crc32c>,
    /// That of `additional_authenticated_data`.
    #[serde(
        alias = "additional_authenticated_data_crc32c",
        skip_serializing_if = "Option::is_none"
    )]
    pub additional_authenticated_data_crc32c: Option<Crc32c>,
}

/// What [`DecryptRequest`] is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DecryptResponse {
    /// What was encrypted.
    #[serde(default)]
    pub plaintext: Base64,
    /// That of `plaintext`.
    pub plaintext_crc32c: Crc32c,
    /// Whether the version that encrypted it is the primary one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub used_primary: bool,
    /// Where it was done.
    pub protection_level: ProtectionLevel,
}

/// `GET …/cryptoKeyVersions/N/publicKey`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicKey {
    /// SubjectPublicKeyInfo in PEM.
    pub pem: String,
    /// What it verifies or encrypts with.
    pub algorithm: Algorithm,
    /// That of `pem`.
    pub pem_crc32c: Crc32c,
    /// The version.
    pub name: String,
    /// Where its private half is kept.
    pub protection_level: ProtectionLevel,
}

/// A digest, of one of the hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Digest {
    /// SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Base64>,
    /// SHA-384.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha384: Option<Base64>,
    /// SHA-512.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha512: Option<Base64>,
}

/// `POST …/cryptoKeyVersions/N:asymmetricSign`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AsymmetricSignRequest {
    /// The digest of what is signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// That of the digest's bytes.
    #[serde(alias = "digest_crc32c", skip_serializing_if = "Option::is_none")]
    pub digest_crc32c: Option<Crc32c>,
    /// What is signed, where the caller has no digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Base64>,
    /// That of `data`.
    #[serde(alias = "data_crc32c", skip_serializing_if = "Option::is_none")]
    pub data_crc32c: Option<Crc32c>,
}

/// What [`AsymmetricSignRequest`] is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AsymmetricSignResponse {
    /// The signature.
    pub signature: Base64,
    /// That of `signature`.
    pub signature_crc32c: Crc32c,
    /// A checksum of the digest came, and is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified_digest_crc32c: bool,
    /// A checksum of the data came, and is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified_data_crc32c: bool,
    /// The version that signed it.
    pub name: String,
    /// Where it was done.
    pub protection_level: ProtectionLevel,
}

/// `POST …/cryptoKeyVersions/N:asymmetricDecrypt`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AsymmetricDecryptRequest {
    /// What the public key encrypted.
    pub ciphertext: Base64,
    /// That of `ciphertext`.
    #[serde(alias = "ciphertext_crc32c", skip_serializing_if = "Option::is_none")]
    pub ciphertext_crc32c: Option<Crc32c>,
}

/// What [`AsymmetricDecryptRequest`] is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AsymmetricDecryptResponse {
    /// What was encrypted.
    #[serde(default)]
    pub plaintext: Base64,
    /// That of `plaintext`.
    pub plaintext_crc32c: Crc32c,
    /// A checksum of the ciphertext came, and is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified_ciphertext_crc32c: bool,
    /// Where it was done.
    pub protection_level: ProtectionLevel,
}

/// `POST …/cryptoKeyVersions/N:macSign`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MacSignRequest {
    /// The message.
    pub data: Base64,
    /// That of `data`.
    #[serde(alias = "data_crc32c", skip_serializing_if = "Option::is_none")]
    pub data_crc32c: Option<Crc32c>,
}

/// What [`MacSignRequest`] is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MacSignResponse {
    /// The version that made it.
    pub name: String,
    /// The tag.
    pub mac: Base64,
    /// That of `mac`.
    pub mac_crc32c: Crc32c,
    /// A checksum of the message came, and is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified_data_crc32c: bool,
    /// Where it was done.
    pub protection_level: ProtectionLevel,
}

/// `POST …/cryptoKeyVersions/N:macVerify`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct MacVerifyRequest {
    /// The message.
    pub data: Base64,
    /// That of `data`.
    #[serde(alias = "data_crc32c", skip_serializing_if = "Option::is_none")]
    pub data_crc32c: Option<Crc32c>,
    /// The tag.
    pub mac: Base64,
    /// That of `mac`.
    #[serde(alias = "mac_crc32c", skip_serializing_if = "Option::is_none")]
    pub mac_crc32c: Option<Crc32c>,
}

/// What [`MacVerifyRequest`] is answered with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MacVerifyResponse {
    /// The version that looked at it.
    pub name: String,
    /// Whether the tag is that of the message.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub success: bool,
    /// A checksum of the message came, and is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified_data_crc32c: bool,
    /// A checksum of the tag came, and is right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified_mac_crc32c: bool,
    /// The same as `success`, protected against a flipped bit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified_success_integrity: bool,
    /// Where it was done.
    pub protection_level: ProtectionLevel,
}

/// A place where key rings can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Location {
    /// `projects/P/locations/L`
    pub name: String,
    /// `L`
    #[serde(alias = "location_id")]
    pub location_id: String,
    /// What can be had there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<LocationMetadata>,
}

/// What can be had at a [`Location`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LocationMetadata {
    /// `type.googleapis.com/google.cloud.kms.v1.LocationMetadata`
    #[serde(rename = "@type", skip_serializing_if = "String::is_empty")]
    pub type_url: String,
    /// Keys in hardware.
    #[serde(alias = "hsm_available")]
    pub hsm_available: bool,
    /// Keys at another key manager.
    #[serde(alias = "ekm_available")]
    pub ekm_available: bool,
}

/// `GET projects/P/locations`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListLocationsResponse {
    /// In order of name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn what_gcloud_and_libraries_send_is_understood() {
        let of_gcloud: CryptoKey = serde_json::from_value(json!({
            "purpose": "ENCRYPT_DECRYPT", "rotationPeriod": "7776000s",
            "nextRotationTime": "2027-01-01T00:00:00.000Z", "labels": {"a": "b"},
            "versionTemplate": {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "SOFTWARE"},
        }))
        .unwrap();
        let of_library: CryptoKey = serde_json::from_value(json!({
            "purpose": 1, "rotation_period": "7776000s", "nextRotationTime": "2027-01-01T00:00:00Z",
            "labels": {"a": "b"}, "versionTemplate": {"algorithm": 1, "protectionLevel": 1},
        }))
        .unwrap();
        assert_eq!(of_gcloud, of_library);
        assert!(serde_json::from_value::<CryptoKey>(json!({"purpose": "BAKE"})).is_err());

        let request: EncryptRequest = serde_json::from_value(json!({
            "plaintext": "-_8", "plaintextCrc32c": "2490256556", "additionalAuthenticatedDataCrc32c": 0,
        }))
        .unwrap();
        assert_eq!(*request.plaintext.0, [0xfb, 0xff]);
        assert_eq!(
            request.additional_authenticated_data_crc32c,
            Some(Crc32c::of(b""))
        );
    }

    #[test]
    fn an_encryption_is_answered_in_googles_json() {
        let response = EncryptResponse {
            name: "projects/p".to_owned(),
            ciphertext: Base64::from(&b"123456789"[..]),
            ciphertext_crc32c: Crc32c::of(b"123456789"),
            verified_plaintext_crc32c: true,
            verified_additional_authenticated_data_crc32c: false,
            protection_level: ProtectionLevel::Software,
        };
        assert_eq!(
            serde_json::to_value(&response).unwrap(),
            json!({
                "name": "projects/p", "ciphertext": "MTIzNDU2Nzg5", "ciphertextCrc32c": "3808858755",
                "verifiedPlaintextCrc32c": true, "protectionLevel": "SOFTWARE",
            })
        );
    }
}
