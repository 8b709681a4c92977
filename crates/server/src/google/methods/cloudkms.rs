//! Cloud Key Management Service: key rings, keys, versions, and what is done with them.

use super::super::kms::{cipher, crypto_keys, key_rings, locations, sign, versions};
use super::super::method::{Api, Handler, Method, handler};
use super::super::policies::{self, Named};

/// `cloudkms` v1
pub(super) const V1: Api = Api {
    name: "cloudkms",
    version: "v1",
    title: "Cloud Key Management Service (KMS) API",
    methods: METHODS,
};

const NO_IMPORT: Handler =
    Handler::NotOffered("key material is made here, and not imported: create a version without it");

#[rustfmt::skip]
const METHODS: &[Method] = &[
    // Locations.
    Method::get("cloudkms.projects.locations.list", "v1/projects/{project}/locations", handler!(|call, p| locations::list(call, p))),
    Method::get("cloudkms.projects.locations.get", "v1/projects/{project}/locations/{location}", handler!(|call, p, l| locations::get(call, p, l))),

    // Key rings.
    Method::get("cloudkms.projects.locations.keyRings.list", "v1/projects/{project}/locations/{location}/keyRings", handler!(|call, p, l| key_rings::list(call, p, l))),
    Method::post("cloudkms.projects.locations.keyRings.create", "v1/projects/{project}/locations/{location}/keyRings", handler!(|call, p, l| key_rings::create(call, p, l))),
    Method::get("cloudkms.projects.locations.keyRings.get", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}", handler!(|call, p, l, r| key_rings::get(call, p, l, r))),
    Method::get("cloudkms.projects.locations.keyRings.getIamPolicy", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}:getIamPolicy", handler!(|call, p, l, r| policies::get(call, Named::KeyRing(p, l, r)))),
    Method::post("cloudkms.projects.locations.keyRings.setIamPolicy", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}:setIamPolicy", handler!(|call, p, l, r| policies::set(call, Named::KeyRing(p, l, r)))),
    Method::post("cloudkms.projects.locations.keyRings.testIamPermissions", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}:testIamPermissions", handler!(|call, p, l, r| policies::test(call, Named::KeyRing(p, l, r)))),
    Method::post("cloudkms.projects.locations.keyRings.importJobs.create", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/importJobs", NO_IMPORT),

    // Keys.
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.list", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys", handler!(|call, p, l, r| crypto_keys::list(call, p, l, r))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.create", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys", handler!(|call, p, l, r| crypto_keys::create(call, p, l, r))),
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.get", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}", handler!(|call, p, l, r, k| crypto_keys::get(call, p, l, r, k))),
    Method::patch("cloudkms.projects.locations.keyRings.cryptoKeys.patch", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}", handler!(|call, p, l, r, k| crypto_keys::patch(call, p, l, r, k))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.updatePrimaryVersion", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}:updatePrimaryVersion", handler!(|call, p, l, r, k| crypto_keys::update_primary_version(call, p, l, r, k))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.encrypt", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}:encrypt", handler!(|call, p, l, r, k| cipher::encrypt(call, p, l, r, k))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.decrypt", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}:decrypt", handler!(|call, p, l, r, k| cipher::decrypt(call, p, l, r, k))),
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.getIamPolicy", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}:getIamPolicy", handler!(|call, p, l, r, k| policies::get(call, Named::CryptoKey(p, l, r, k)))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.setIamPolicy", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}:setIamPolicy", handler!(|call, p, l, r, k| policies::set(call, Named::CryptoKey(p, l, r, k)))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.testIamPermissions", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}:testIamPermissions", handler!(|call, p, l, r, k| policies::test(call, Named::CryptoKey(p, l, r, k)))),

    // Versions.
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.list", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions", handler!(|call, p, l, r, k| versions::list(call, p, l, r, k))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.create", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions", handler!(|call, p, l, r, k| versions::create(call, p, l, r, k))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.import", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions:import", NO_IMPORT),
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.get", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions/{version}", handler!(|call, p, l, r, k, n| versions::get(call, p, l, r, k, n))),
    Method::patch("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.patch", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions/{version}", handler!(|call, p, l, r, k, n| versions::patch(call, p, l, r, k, n))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.destroy", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions/{version}:destroy", handler!(|call, p, l, r, k, n| versions::destroy(call, p, l, r, k, n))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.restore", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions/{version}:restore", handler!(|call, p, l, r, k, n| versions::restore(call, p, l, r, k, n))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.encrypt", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions/{version}:encrypt", handler!(|call, p, l, r, k, n| cipher::encrypt_with_version(call, p, l, r, k, n))),
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.getPublicKey", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions/{version}/publicKey", handler!(|call, p, l, r, k, n| sign::public_key(call, p, l, r, k, n))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.asymmetricSign", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions/{version}:asymmetricSign", handler!(|call, p, l, r, k, n| sign::asymmetric_sign(call, p, l, r, k, n))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.asymmetricDecrypt", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions/{version}:asymmetricDecrypt", handler!(|call, p, l, r, k, n| sign::asymmetric_decrypt(call, p, l, r, k, n))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.macSign", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions/{version}:macSign", handler!(|call, p, l, r, k, n| sign::mac_sign(call, p, l, r, k, n))),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.macVerify", "v1/projects/{project}/locations/{location}/keyRings/{keyRing}/cryptoKeys/{cryptoKey}/cryptoKeyVersions/{version}:macVerify", handler!(|call, p, l, r, k, n| sign::mac_verify(call, p, l, r, k, n))),
];
