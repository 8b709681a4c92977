//! Cloud Key Management Service: key rings, keys, versions, and what is done with them.

use wharf_types::Policy;
use wharf_types::wire::kms;
use wharf_types::wire::policies::{
    SetIamPolicyRequest, TestIamPermissionsRequest, TestIamPermissionsResponse,
};
use wharf_types::wire::proto::Empty;

use super::super::kms::{cipher, crypto_keys, key_rings, locations, sign, versions};
use super::super::method::{Api, Handler, Method, handler, number, switch, text};
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
    Method::get("cloudkms.projects.locations.list", "v1/{name=projects/*}/locations", handler!(|call, p| locations::list(call, p)))
        .query(&[number("pageSize"), text("pageToken")]).answers::<kms::ListLocationsResponse>(),
    Method::get("cloudkms.projects.locations.get", "v1/{name=projects/*/locations/*}", handler!(|call, p, l| locations::get(call, p, l)))
        .answers::<kms::Location>(),

    // Key rings.
    Method::get("cloudkms.projects.locations.keyRings.list", "v1/{parent=projects/*/locations/*}/keyRings", handler!(|call, p, l| key_rings::list(call, p, l)))
        .query(&[number("pageSize"), text("pageToken")]).answers::<kms::ListKeyRingsResponse>(),
    Method::post("cloudkms.projects.locations.keyRings.create", "v1/{parent=projects/*/locations/*}/keyRings", handler!(|call, p, l| key_rings::create(call, p, l)))
        .query(&[text("keyRingId")]).takes::<kms::KeyRing>().answers::<kms::KeyRing>(),
    Method::get("cloudkms.projects.locations.keyRings.get", "v1/{name=projects/*/locations/*/keyRings/*}", handler!(|call, p, l, r| key_rings::get(call, p, l, r)))
        .answers::<kms::KeyRing>(),
    Method::get("cloudkms.projects.locations.keyRings.getIamPolicy", "v1/{resource=projects/*/locations/*/keyRings/*}:getIamPolicy", handler!(|call, p, l, r| policies::get(call, Named::KeyRing(p, l, r))))
        .query(&[number("options.requestedPolicyVersion")]).answers::<Policy>(),
    Method::post("cloudkms.projects.locations.keyRings.setIamPolicy", "v1/{resource=projects/*/locations/*/keyRings/*}:setIamPolicy", handler!(|call, p, l, r| policies::set(call, Named::KeyRing(p, l, r))))
        .takes::<SetIamPolicyRequest>().answers::<Policy>(),
    Method::post("cloudkms.projects.locations.keyRings.testIamPermissions", "v1/{resource=projects/*/locations/*/keyRings/*}:testIamPermissions", handler!(|call, p, l, r| policies::test(call, Named::KeyRing(p, l, r))))
        .takes::<TestIamPermissionsRequest>().answers::<TestIamPermissionsResponse>(),
    Method::post("cloudkms.projects.locations.keyRings.importJobs.create", "v1/{parent=projects/*/locations/*/keyRings/*}/importJobs", NO_IMPORT),

    // Keys.
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.list", "v1/{parent=projects/*/locations/*/keyRings/*}/cryptoKeys", handler!(|call, p, l, r| crypto_keys::list(call, p, l, r)))
        .query(&[number("pageSize"), text("pageToken")]).answers::<kms::ListCryptoKeysResponse>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.create", "v1/{parent=projects/*/locations/*/keyRings/*}/cryptoKeys", handler!(|call, p, l, r| crypto_keys::create(call, p, l, r)))
        .query(&[text("cryptoKeyId"), switch("skipInitialVersionCreation")]).takes::<kms::CryptoKey>().answers::<kms::CryptoKey>(),
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.get", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*}", handler!(|call, p, l, r, k| crypto_keys::get(call, [p, l, r, k])))
        .answers::<kms::CryptoKey>(),
    Method::patch("cloudkms.projects.locations.keyRings.cryptoKeys.patch", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*}", handler!(|call, p, l, r, k| crypto_keys::patch(call, [p, l, r, k])))
        .query(&[text("updateMask")]).takes::<kms::CryptoKey>().answers::<kms::CryptoKey>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.updatePrimaryVersion", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*}:updatePrimaryVersion", handler!(|call, p, l, r, k| crypto_keys::update_primary_version(call, [p, l, r, k])))
        .takes::<kms::UpdatePrimaryVersionRequest>().answers::<kms::CryptoKey>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.encrypt", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*}:encrypt", handler!(|call, p, l, r, k| cipher::encrypt(call, [p, l, r, k])))
        .takes::<kms::EncryptRequest>().answers::<kms::EncryptResponse>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.decrypt", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*}:decrypt", handler!(|call, p, l, r, k| cipher::decrypt(call, [p, l, r, k])))
        .takes::<kms::DecryptRequest>().answers::<kms::DecryptResponse>(),
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.getIamPolicy", "v1/{resource=projects/*/locations/*/keyRings/*/cryptoKeys/*}:getIamPolicy", handler!(|call, p, l, r, k| policies::get(call, Named::CryptoKey(p, l, r, k))))
        .query(&[number("options.requestedPolicyVersion")]).answers::<Policy>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.setIamPolicy", "v1/{resource=projects/*/locations/*/keyRings/*/cryptoKeys/*}:setIamPolicy", handler!(|call, p, l, r, k| policies::set(call, Named::CryptoKey(p, l, r, k))))
        .takes::<SetIamPolicyRequest>().answers::<Policy>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.testIamPermissions", "v1/{resource=projects/*/locations/*/keyRings/*/cryptoKeys/*}:testIamPermissions", handler!(|call, p, l, r, k| policies::test(call, Named::CryptoKey(p, l, r, k))))
        .takes::<TestIamPermissionsRequest>().answers::<TestIamPermissionsResponse>(),

    // Versions.
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.list", "v1/{parent=projects/*/locations/*/keyRings/*/cryptoKeys/*}/cryptoKeyVersions", handler!(|call, p, l, r, k| versions::list(call, [p, l, r, k])))
        .query(&[number("pageSize"), text("pageToken")]).answers::<kms::ListCryptoKeyVersionsResponse>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.create", "v1/{parent=projects/*/locations/*/keyRings/*/cryptoKeys/*}/cryptoKeyVersions", handler!(|call, p, l, r, k| versions::create(call, [p, l, r, k])))
        .takes::<kms::CryptoKeyVersion>().answers::<kms::CryptoKeyVersion>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.import", "v1/{parent=projects/*/locations/*/keyRings/*/cryptoKeys/*}/cryptoKeyVersions:import", NO_IMPORT),
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.get", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*}", handler!(|call, p, l, r, k, n| versions::get(call, [p, l, r, k, n])))
        .answers::<kms::CryptoKeyVersion>(),
    Method::patch("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.patch", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*}", handler!(|call, p, l, r, k, n| versions::patch(call, [p, l, r, k, n])))
        .query(&[text("updateMask")]).takes::<kms::CryptoKeyVersion>().answers::<kms::CryptoKeyVersion>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.destroy", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*}:destroy", handler!(|call, p, l, r, k, n| versions::destroy(call, [p, l, r, k, n])))
        .takes::<Empty>().answers::<kms::CryptoKeyVersion>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.restore", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*}:restore", handler!(|call, p, l, r, k, n| versions::restore(call, [p, l, r, k, n])))
        .takes::<Empty>().answers::<kms::CryptoKeyVersion>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.encrypt", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*}:encrypt", handler!(|call, p, l, r, k, n| cipher::encrypt_with_version(call, [p, l, r, k, n])))
        .takes::<kms::EncryptRequest>().answers::<kms::EncryptResponse>(),
    Method::get("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.getPublicKey", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*}/publicKey", handler!(|call, p, l, r, k, n| sign::public_key(call, [p, l, r, k, n])))
        .answers::<kms::PublicKey>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.asymmetricSign", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*}:asymmetricSign", handler!(|call, p, l, r, k, n| sign::asymmetric_sign(call, [p, l, r, k, n])))
        .takes::<kms::AsymmetricSignRequest>().answers::<kms::AsymmetricSignResponse>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.asymmetricDecrypt", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*}:asymmetricDecrypt", handler!(|call, p, l, r, k, n| sign::asymmetric_decrypt(call, [p, l, r, k, n])))
        .takes::<kms::AsymmetricDecryptRequest>().answers::<kms::AsymmetricDecryptResponse>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.macSign", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*}:macSign", handler!(|call, p, l, r, k, n| sign::mac_sign(call, [p, l, r, k, n])))
        .takes::<kms::MacSignRequest>().answers::<kms::MacSignResponse>(),
    Method::post("cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.macVerify", "v1/{name=projects/*/locations/*/keyRings/*/cryptoKeys/*/cryptoKeyVersions/*}:macVerify", handler!(|call, p, l, r, k, n| sign::mac_verify(call, [p, l, r, k, n])))
        .takes::<kms::MacVerifyRequest>().answers::<kms::MacVerifyResponse>(),
];
