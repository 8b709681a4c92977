//! IAM Service Account Credentials: acting as a service account without its key.

use wharf_types::wire::credentials::{
    AllowedLocations, GenerateAccessTokenRequest, GenerateAccessTokenResponse,
    GenerateIdTokenRequest, GenerateIdTokenResponse, SignBlobRequest, SignBlobResponse,
    SignJwtRequest, SignJwtResponse,
};

use super::super::credentials;
use super::super::method::{Api, Method, handler};

/// `iamcredentials` v1
pub(super) const V1: Api = Api {
    name: "iamcredentials",
    version: "v1",
    title: "IAM Service Account Credentials API",
    methods: METHODS,
};

#[rustfmt::skip]
const METHODS: &[Method] = &[
    Method::post("iamcredentials.projects.serviceAccounts.generateAccessToken", "v1/{name=projects/*/serviceAccounts/*}:generateAccessToken", handler!(|call, p, a| credentials::generate_access_token(call, p, a)))
        .takes::<GenerateAccessTokenRequest>().answers::<GenerateAccessTokenResponse>(),
    Method::post("iamcredentials.projects.serviceAccounts.generateIdToken", "v1/{name=projects/*/serviceAccounts/*}:generateIdToken", handler!(|call, p, a| credentials::generate_id_token(call, p, a)))
        .takes::<GenerateIdTokenRequest>().answers::<GenerateIdTokenResponse>(),
    Method::post("iamcredentials.projects.serviceAccounts.signBlob", "v1/{name=projects/*/serviceAccounts/*}:signBlob", handler!(|call, p, a| credentials::sign_blob(call, p, a)))
        .takes::<SignBlobRequest>().answers::<SignBlobResponse>(),
    Method::post("iamcredentials.projects.serviceAccounts.signJwt", "v1/{name=projects/*/serviceAccounts/*}:signJwt", handler!(|call, p, a| credentials::sign_jwt(call, p, a)))
        .takes::<SignJwtRequest>().answers::<SignJwtResponse>(),
    Method::get("iamcredentials.projects.serviceAccounts.getAllowedLocations", "v1/{name=projects/*/serviceAccounts/*}/allowedLocations", handler!(|call, p, a| credentials::allowed_locations(call, p, a)))
        .with_login().answers::<AllowedLocations>(),
];
