//! Where key files point to for certificates: at Google two pages beside the APIs.

use super::super::method::{Api, Handler, Method};

/// `oauth2` v1: none of the Discovery service's APIs.
pub(super) const V1: Api = Api {
    name: "oauth2",
    version: "v1",
    title: "Certificates",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method::get("oauth2.certs", "oauth2/v1/certs", Handler::NotOffered("tokens of this registry are verified by this registry alone, under a secret that has no public half")).without_login(),
    Method::get("oauth2.metadata.x509", "robot/v1/metadata/x509/{account}", Handler::NotOffered("certificates are not kept: read a public key with GET /v1/projects/-/serviceAccounts/E/keys/K?publicKeyType=TYPE_RAW_PUBLIC_KEY")).without_login(),
];
