//! What tests of this room share.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use wharf_types::ProjectId;
use wharf_types::kms::{Algorithm, CryptoKeyName, KeyRingName};

use super::crypto_keys::NewCryptoKey;
use crate::Caller;
use crate::testing::TestApp;

/// A registry with a key ring, and its owner.
pub(super) async fn open() -> (TestApp, Caller) {
    let app = TestApp::open().await;
    let owner = app.owner().await;
    app.create_key_ring(&owner, &ring()).await.unwrap();
    (app, owner)
}

/// The key ring of [`open`].
pub(super) fn ring() -> KeyRingName {
    let project = ProjectId::parse("default").unwrap();
    KeyRingName::new(&project, "us-central1", "ring").unwrap()
}

/// A new key for encryption.
pub(super) async fn encryption_key(app: &TestApp, owner: &Caller, id: &str) -> CryptoKeyName {
    key(app, owner, id, Algorithm::GoogleSymmetricEncryption).await
}

/// A new key of this algorithm.
pub(super) async fn key(
    app: &TestApp,
    owner: &Caller,
    id: &str,
    algorithm: Algorithm,
) -> CryptoKeyName {
    let name = CryptoKeyName::new(&ring(), id).unwrap();
    let content = NewCryptoKey {
        purpose: algorithm.purpose(),
        algorithm: Some(algorithm),
        labels: BTreeMap::new(),
        rotation_period: None,
        next_rotation_at: None,
        destroy_delay: None,
        skip_initial_version: false,
    };
    app.create_crypto_key(owner, &name, content).await.unwrap();
    name
}
