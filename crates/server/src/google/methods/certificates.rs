//! Google's OAuth pages beside the APIs: public keys, and what a token is.

use super::super::identity;
use super::super::method::{Api, Method, by, handler};

/// `oauth2` v1: none of the Discovery service's APIs, but for the pages about tokens.
pub(super) const V1: Api = Api {
    name: "oauth2",
    version: "v1",
    title: "Google OAuth2 API",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    // The keys of the registry's ID tokens.
    Method::get("oauth2.certs", "oauth2/v1/certs", handler!(|call| identity::certificates(call))).without_login(),
    Method::get("oauth2.jwks", "oauth2/v3/certs", handler!(|call| identity::jwks(call))).without_login(),
    Method::get("oauth2.openidConfiguration", ".well-known/openid-configuration", handler!(|call| identity::openid_configuration(call))).without_login(),

    // The keys of an account: where a key file's client_x509_cert_url points to.
    Method::get("oauth2.metadata.x509", "robot/v1/metadata/x509/{account}", handler!(|call, a| identity::account_certificates(call, a)))
        .also(&[by("GET", "service_accounts/v1/metadata/x509/{account}")])
        .without_login(),
    Method::get("oauth2.metadata.jwk", "service_accounts/v1/jwk/{account}", handler!(|call, a| identity::account_jwks(call, a))).without_login(),

    // Tokens. The proof is the token that is asked about.
    Method::get("oauth2.tokeninfo", "oauth2/v1/tokeninfo", handler!(|call| identity::token_info_v1(call)))
        .also(&[by("POST", "oauth2/v1/tokeninfo")])
        .without_login(),
    Method::get("oauth2.tokeninfo.v3", "oauth2/v3/tokeninfo", handler!(|call| identity::token_info(call)))
        .also(&[by("POST", "oauth2/v3/tokeninfo")])
        .without_login(),
    Method::get("oauth2.userinfo.get", "oauth2/v1/userinfo", handler!(|call| identity::user_info_v1(call)))
        .with_login().also(&[by("GET", "oauth2/v2/userinfo")]),
    Method::get("oauth2.userinfo.v3", "openidconnect/v1/userinfo", handler!(|call| identity::user_info(call)))
        .with_login().also(&[by("POST", "openidconnect/v1/userinfo"), by("GET", "oauth2/v3/userinfo")]),
];
