//! Cloud KMS: key rings, keys, versions, and what is done with them.

use http::Method;
use wharf_types::ProjectId;
use wharf_types::kms::{Crc32c, CryptoKeyName, CryptoKeyVersionName, KeyRingName, VersionState};
use wharf_types::wire::kms::{
    CryptoKey, CryptoKeyVersion, DecryptRequest, DecryptResponse, EncryptRequest, EncryptResponse,
    KeyRing, ListCryptoKeyVersionsResponse, ListCryptoKeysResponse, ListKeyRingsResponse,
    PublicKey, UpdatePrimaryVersionRequest,
};
use wharf_types::wire::proto::Base64;
use zeroize::Zeroizing;

use crate::Client;
use crate::client::{Call, Page};
use crate::error::Error;

impl Page for ListKeyRingsResponse {
    type Item = KeyRing;

    fn split(self) -> (Vec<KeyRing>, Option<String>) {
        (self.key_rings, self.next_page_token)
    }
}

impl Page for ListCryptoKeysResponse {
    type Item = CryptoKey;

    fn split(self) -> (Vec<CryptoKey>, Option<String>) {
        (self.crypto_keys, self.next_page_token)
    }
}

impl Page for ListCryptoKeyVersionsResponse {
    type Item = CryptoKeyVersion;

    fn split(self) -> (Vec<CryptoKeyVersion>, Option<String>) {
        (self.crypto_key_versions, self.next_page_token)
    }
}

/// What can be asked of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionOrder {
    /// To be used again.
    Enable,
    /// Not to be used.
    Disable,
    /// Its destruction, after the delay of its key.
    Destroy,
    /// Its destruction not to come.
    Restore,
}

impl Client {
    /// Creates a key ring.
    pub async fn create_key_ring(&self, name: &KeyRingName) -> Result<KeyRing, Error> {
        let (folder, id) = parent(name.as_str());
        let call = Call::post(path(folder)).query("keyRingId", &id);
        self.call(call.json(&KeyRing::default())).await
    }

    /// The key rings at a location of a project, in order of name.
    pub async fn list_key_rings(
        &self,
        project: &ProjectId,
        location: &str,
    ) -> Result<Vec<KeyRing>, Error> {
        let folder = format!("projects/{project}/locations/{location}/keyRings");
        self.pages::<ListKeyRingsResponse>(Call::get(path(&folder)))
            .await
    }

    /// Reads a key ring.
    pub async fn get_key_ring(&self, name: &KeyRingName) -> Result<KeyRing, Error> {
        self.call(Call::get(path(name.as_str()))).await
    }

    /// Creates a key, and its first version.
    pub async fn create_crypto_key(
        &self,
        name: &CryptoKeyName,
        key: &CryptoKey,
        skip_initial_version: bool,
    ) -> Result<CryptoKey, Error> {
        let (folder, id) = parent(name.as_str());
        let call = Call::post(path(folder))
            .query("cryptoKeyId", &id)
            .query("skipInitialVersionCreation", &skip_initial_version);
        self.call(call.json(key)).await
    }

    /// A ring's keys, in order of name.
    pub async fn list_crypto_keys(&self, ring: &KeyRingName) -> Result<Vec<CryptoKey>, Error> {
        let folder = format!("{ring}/cryptoKeys");
        self.pages::<ListCryptoKeysResponse>(Call::get(path(&folder)))
            .await
    }

    /// Reads a key.
    pub async fn get_crypto_key(&self, name: &CryptoKeyName) -> Result<CryptoKey, Error> {
        self.call(Call::get(path(name.as_str()))).await
    }

    /// Changes the fields of a key that `mask` names; what `key` does not have is taken away.
    pub async fn update_crypto_key(
        &self,
        name: &CryptoKeyName,
        key: &CryptoKey,
        mask: &[&str],
    ) -> Result<CryptoKey, Error> {
        let call = Call::new(Method::PATCH, path(name.as_str()));
        let call = call.query("updateMask", &mask.join(","));
        self.call(call.json(key)).await
    }

    /// Makes a version the one that encrypts.
    pub async fn set_primary_version(
        &self,
        name: &CryptoKeyName,
        number: u32,
    ) -> Result<CryptoKey, Error> {
        let request = UpdatePrimaryVersionRequest {
            crypto_key_version_id: number.to_string(),
        };
        let verb = format!("{name}:updatePrimaryVersion");
        self.call(Call::post(path(&verb)).json(&request)).await
    }

    /// Creates the next version of a key.
    pub async fn create_crypto_key_version(
        &self,
        key: &CryptoKeyName,
    ) -> Result<CryptoKeyVersion, Error> {
        let folder = format!("{key}/cryptoKeyVersions");
        let call = Call::post(path(&folder));
        self.call(call.json(&CryptoKeyVersion::default())).await
    }

    /// A key's versions, in order of number.
    pub async fn list_crypto_key_versions(
        &self,
        key: &CryptoKeyName,
    ) -> Result<Vec<CryptoKeyVersion>, Error> {
        let folder = format!("{key}/cryptoKeyVersions");
        self.pages::<ListCryptoKeyVersionsResponse>(Call::get(path(&folder)))
            .await
    }

    /// Reads a version.
    pub async fn get_crypto_key_version(
        &self,
        name: &CryptoKeyVersionName,
    ) -> Result<CryptoKeyVersion, Error> {
        self.call(Call::get(path(&name.to_string()))).await
    }

    /// Enables, disables, destroys or restores a version.
    pub async fn order_version(
        &self,
        name: &CryptoKeyVersionName,
        order: VersionOrder,
    ) -> Result<CryptoKeyVersion, Error> {
        let (verb, state) = match order {
            VersionOrder::Enable => (None, Some(VersionState::Enabled)),
            VersionOrder::Disable => (None, Some(VersionState::Disabled)),
            VersionOrder::Destroy => (Some("destroy"), None),
            VersionOrder::Restore => (Some("restore"), None),
        };
        match verb {
            Some(verb) => {
                let verb = format!("{name}:{verb}");
                self.call(Call::post(path(&verb))).await
            }
            None => {
                let name = name.to_string();
                let version = CryptoKeyVersion {
                    state,
                    ..CryptoKeyVersion::default()
                };
                let call = Call::new(Method::PATCH, path(&name)).query("updateMask", &"state");
                self.call(call.json(&version)).await
            }
        }
    }

    /// The public half of a version.
    pub async fn get_public_key(&self, name: &CryptoKeyVersionName) -> Result<PublicKey, Error> {
        let name = format!("{name}/publicKey");
        self.call(Call::get(path(&name))).await
    }

    /// Encrypts with a key's primary version, or with a version that is named. The answer's checksums are compared.
    pub async fn encrypt(
        &self,
        key: &CryptoKeyName,
        version: Option<u32>,
        plaintext: &[u8],
        data: &[u8],
    ) -> Result<EncryptResponse, Error> {
        let request = EncryptRequest {
            plaintext: Base64::from(plaintext),
            plaintext_crc32c: Some(Crc32c::of(plaintext)),
            additional_authenticated_data: Some(Base64::from(data)),
            additional_authenticated_data_crc32c: Some(Crc32c::of(data)),
        };
        let verb = match version {
            Some(number) => format!("{}:encrypt", key.version(number)),
            None => format!("{key}:encrypt"),
        };
        let answer: EncryptResponse = self.call(Call::post(path(&verb)).json(&request)).await?;
        let is_sound = answer.verified_plaintext_crc32c
            && answer.verified_additional_authenticated_data_crc32c
            && answer.ciphertext_crc32c == Crc32c::of(&answer.ciphertext.0);
        is_sound.then_some(answer).ok_or(Error::Corrupted)
    }

    /// Decrypts what a version of the key encrypted. The answer's checksum is compared.
    pub async fn decrypt(
        &self,
        key: &CryptoKeyName,
        ciphertext: &[u8],
        data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let request = DecryptRequest {
            ciphertext: Base64::from(ciphertext),
            ciphertext_crc32c: Some(Crc32c::of(ciphertext)),
            additional_authenticated_data: Some(Base64::from(data)),
            additional_authenticated_data_crc32c: Some(Crc32c::of(data)),
        };
        let verb = format!("{key}:decrypt");
        let answer: DecryptResponse = self.call(Call::post(path(&verb)).json(&request)).await?;
        if answer.plaintext_crc32c != Crc32c::of(&answer.plaintext.0) {
            return Err(Error::Corrupted);
        }
        Ok(answer.plaintext.0)
    }
}

/// The segments of the path of a name.
pub(crate) fn path(name: &str) -> impl Iterator<Item = &str> {
    ["v1"].into_iter().chain(name.split('/'))
}

/// A name without its id, and the id.
fn parent(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}
